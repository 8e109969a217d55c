import ClientThread
import Redis
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Asks Redis every second whether it is there, so that `/readyz` can say so without asking anybody.
final class ProbeRedis: Service {
    private static let interval: Duration = .seconds(1)
    private static let patience: Duration = .milliseconds(500)

    private let redis: RedisClient
    private let answered = Atomic<Bool>(false)

    init(redis: RedisClient) { self.redis = redis }

    var isUp: Bool { answered.load(ordering: .relaxed) }

    func run() async throws {
        try await Repeating(every: Self.interval) {
            // Whatever the reason, it did not answer; the client's own log has the reason.
            let answer = try? await self.redis.send(["PING"], deadline: .after(Self.patience))
            self.answered.store(answer == .string("PONG"), ordering: .relaxed)
        }.run()
    }
}
