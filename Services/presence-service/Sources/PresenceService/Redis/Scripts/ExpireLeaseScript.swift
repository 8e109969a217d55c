import Redis

extension PresenceScripts {
    /// ARGV[6] instance
    ///
    /// The lease runs out now; a reap does the rest. Returns 1.
    static let expireLease = RedisScript(
        prelude + """
            redis.call('ZADD', leases, 'XX', whole(now), ARGV[6])
            return 1
            """)
}
