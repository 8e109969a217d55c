import Redis

extension PresenceScripts {
    /// No further ARGV.
    ///
    /// Takes the lease that ran out first and ends some of its connections; with the last of them, the lease and all
    /// that belonged to the instance. From the first call on, `applied` is 0: should the instance come back meanwhile,
    /// it learns that it has to register again. Returns: what was done (``ReapedLease/Outcome``), the number of live
    /// leases.
    static let reapLease = RedisScript(
        prelude + dropConnections + """
            local live = redis.call('ZCOUNT', leases, '(' .. whole(now), '+inf')
            local due = redis.call('ZRANGEBYSCORE', leases, '-inf', whole(now), 'WITHSCORES', 'LIMIT', 0, 1)
            local instance, ended = due[1], due[2]
            if not instance then return { 0, live } end
            redis.call('HSET', instanceKey(instance), 'applied', 0)
            redis.call('HDEL', instanceKey(instance), 'resetting')
            if not drop(instance, tonumber(ended)) then return { 1, live } end
            redis.call('ZREM', leases, instance)
            redis.call('DEL', instanceKey(instance), connectionsKey(instance))
            redis.call('UNLINK', watchedKey(instance))
            return { 2, live }
            """)
}
