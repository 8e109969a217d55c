import Observability
import ServiceLifecycle

/// Runs work that begins on an event loop and has to wait: the one task tree under which all of it lives.
final class WorkQueue: Service {
    typealias Work = @Sendable () async -> Void

    private let stream: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation

    private let executor: (any TaskExecutor)?

    /// - Parameter executor: where the work runs; nil for the threads that all tasks share.
    init(on executor: (any TaskExecutor)? = nil) {
        (stream, continuation) = AsyncStream.makeStream()
        self.executor = executor
    }

    /// Starts the work soon, under the caller's trace or a new one. Its callers bound how much there can be: each
    /// connection has its rate limit.
    func add(_ work: @escaping Work) {
        let trace = TraceContext.current ?? .make()
        continuation.yield { await TraceContext.$current.withValue(trace, operation: work) }
    }

    func run() async throws {
        await withTaskExecutorPreference(executor) {
            await cancelWhenGracefulShutdown {
                await withDiscardingTaskGroup { group in
                    for await work in self.stream { group.addTask { await work() } }
                }
            }
        }
    }
}
