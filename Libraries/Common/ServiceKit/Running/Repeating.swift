import Observability
import ServiceLifecycle

/// Work done again and again with a pause between, from start to graceful stop, each round under a trace of its own. The
/// first round is at once.
package struct Repeating: Service {
    private let pause: Duration
    private let work: @Sendable () async -> Void

    package init(every pause: Duration, _ work: @escaping @Sendable () async -> Void) {
        self.pause = pause
        self.work = work
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await TraceContext.$current.withValue(.make(), operation: work)
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: pause)
            }
        }
    }
}
