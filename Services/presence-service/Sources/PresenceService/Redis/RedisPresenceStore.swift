import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import Observability
import Redis

/// What is known of instances, connections and watchers, in Redis. Every change is one script, so that any number of
/// presence-services may work side by side, and every time is Redis' own.
package struct RedisPresenceStore: Sendable {
    /// The time limit of one call to Redis.
    package static let stepMax: Duration = .milliseconds(500)

    let redis: RedisClient
    let keys: RedisKeys
    let times: PresenceTimes
    let metrics: PresenceMetrics
    let logger: Logger

    init(
        redis: RedisClient, prefix: String = "parley:", times: PresenceTimes = PresenceTimes(),
        metrics: PresenceMetrics = PresenceMetrics(), logger: Logger
    ) {
        self.redis = redis
        keys = RedisKeys(prefix: prefix)
        self.times = times
        self.metrics = metrics
        self.logger = logger
    }

    /// Runs a script with the arguments all scripts begin with and its own.
    /// - Throws: ``ParleyError`` `unavailable` whenever Redis does not do it.
    func run(_ script: RedisScript, _ arguments: [String], deadline: Deadline) async throws(ParleyError) -> RedisValue {
        do {
            return try await redis.run(
                script, keys: [], arguments: [keys.prefix] + times.arguments + arguments,
                deadline: deadline.atMost(Self.stepMax))
        } catch {
            throw failure(error)
        }
    }

    func pipeline(_ commands: [RedisCommand], deadline: Deadline) async throws(ParleyError) -> [RedisValue] {
        do throws(RedisError) {
            let replies = try await redis.pipeline(commands, deadline: deadline.atMost(Self.stepMax))
            for case .error(let message) in replies { throw RedisError.refused(message) }
            return replies
        } catch {
            throw failure(error)
        }
    }

    /// Counts and logs what Redis answered, and makes it an error that names neither keys nor commands.
    func failure(_ error: RedisError) -> ParleyError {
        switch error {
        case .unavailable:
            metrics.redisFailures.increment(.unavailable)
        case .refused(let message):
            metrics.redisFailures.increment(.refused)
            logger.error("Redis refused", metadata: ["reason": "\(message)"])
        }
        return .unavailable("presence is not available just now")
    }

    /// A reply that no script of ours gives.
    func unreadable(_ what: String) -> ParleyError {
        logger.error("unreadable reply of Redis", metadata: ["to": "\(what)"])
        return ParleyError(.internal, "something went wrong here")
    }
}
