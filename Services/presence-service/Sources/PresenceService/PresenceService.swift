import Redis
package import ServiceKit

/// presence-service: who lives, who is connected where, who is online. Everything is in Redis, and nothing of it is
/// needed to keep a promise about messages.
package enum PresenceService {
    package static let description = ServiceDescription(
        name: "presence-service", summary: "which instances live, where users are connected, who is online",
        listen: nil, internalListen: .internalListen("127.0.0.1:9104"), settings: [redisURL],
        callers: [gateway])

    /// The one service that calls this one and is pushed to.
    static let gateway = "realtime-gateway"

    static let redisURL = Setting(
        "PARLEY_REDIS_URL", default: "redis://127.0.0.1:6379", "redis://[user:password@]host[:port][/database]")

    package static func build(_ context: ServiceContext) async throws -> ServiceParts {
        guard let address = RedisConfiguration(url: try context.configuration.text(redisURL)) else {
            throw ConfigurationError("\(redisURL.key) must be redis://[user:password@]host[:port][/database]")
        }
        let redis = RedisClient(address, logger: context.logger)
        let metrics = PresenceMetrics()
        let store = RedisPresenceStore(redis: redis, metrics: metrics, logger: context.logger)
        let probe = ProbeRedis(redis: redis)
        context.readiness.add("redis", required: true) { probe.isUp }

        let pusher = PushPresence(http: context.http, tokens: context.tokens, metrics: metrics, logger: context.logger)
        let announcer = AnnounceChanges(store: store, metrics: metrics, logger: context.logger) { push in
            await pusher.push(push)
        }
        let reaper = ReapLeases(store: store, announcer: announcer, metrics: metrics)
        return ServiceParts(
            publicRoutes: nil,
            internalRoutes: { addRoutes(to: $0, store: store, announcer: announcer) },
            background: [probe, announcer, reaper],
            close: { redis.close() })
    }
}
