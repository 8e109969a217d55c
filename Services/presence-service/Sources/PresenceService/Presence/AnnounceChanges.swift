import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import Observability
import ServiceLifecycle
import Synchronization

/// Tells the gateways that watch a user when their state has changed. Users are only noted down here; their state and
/// who watches them are read from Redis when it is told, so that what is told is true at that moment, however fast it
/// changed back and forth.
package final class AnnounceChanges: Service {
    /// Users of one look into Redis.
    private static let usersMax = 500
    private static let pauseAfterFailure: Duration = .milliseconds(500)

    private let store: RedisPresenceStore
    private let metrics: PresenceMetrics
    private let logger: Logger
    private let push: @Sendable (PresencePush) async -> Void
    private let changed = Mutex(ChangedUsers())
    private let queue = Mutex(PushQueue())
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter push: sends one push and returns when that is over, well or not.
    init(
        store: RedisPresenceStore, metrics: PresenceMetrics, logger: Logger,
        push: @escaping @Sendable (PresencePush) async -> Void
    ) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.push = push
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func cameOnline(_ users: [UserID]) {
        metrics.changes.increment(.online, by: users.count)
        note(users)
    }

    func wentOffline(_ users: [UserID]) {
        metrics.changes.increment(.offline, by: users.count)
        note(users)
    }

    /// Until a graceful stop; what was noted by then is still told.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { pushes in
                for await _ in wakes { await announce(in: &pushes) }
            }
        } onGracefulShutdown: {
            self.wake.finish()
        }
    }

    private func note(_ users: [UserID]) {
        guard !users.isEmpty else { return }
        metrics.forgotten.increment(by: changed.withLock { $0.add(users) })
        wake.yield()
    }

    private func announce(in pushes: inout DiscardingTaskGroup) async {
        while case let users = changed.withLock({ $0.take(atMost: Self.usersMax) }), !users.isEmpty {
            do {
                let news = try await store.news(of: users, deadline: .after(RedisPresenceStore.stepMax))
                for news in news { start(news, in: &pushes) }
            } catch {
                // Redis is away: it is told later. A cancelled pause means the end.
                try? await Task.sleep(for: Self.pauseAfterFailure)
                return note(users)
            }
        }
    }

    private func start(_ news: PresencePush, in pushes: inout DiscardingTaskGroup) {
        let first = queue.withLock { $0.add(news.states, for: news.gateway, at: news.address) }
        guard let first else { return }
        pushes.addTask {
            var next: PresencePush? = first
            while let current = next {
                await TraceContext.$current.withValue(.make()) { await self.push(current) }
                next = self.queue.withLock { $0.finished(current) }
            }
        }
    }
}
