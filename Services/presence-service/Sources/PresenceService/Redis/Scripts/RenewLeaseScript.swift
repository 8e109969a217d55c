import Redis

extension PresenceScripts {
    /// ARGV[6] instance · [7] service · [8] address
    ///
    /// Returns: applied, then instance, address of each live instance of the service.
    static let renewLease = RedisScript(
        prelude + """
            local instance, service = ARGV[6], ARGV[7]
            redis.call('SET', prefix .. 'born', whole(now), 'NX')
            redis.call('ZADD', leases, whole(now + leaseTime), instance)
            redis.call('HSET', instanceKey(instance), 'service', service, 'address', ARGV[8])
            local applied = redis.call('HGET', instanceKey(instance), 'applied') or 0
            local answer = { tonumber(applied) }
            for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '(' .. whole(now), '+inf')) do
              local other = redis.call('HMGET', instanceKey(id), 'service', 'address')
              if other[1] == service then
                answer[#answer + 1] = id
                answer[#answer + 1] = other[2]
              end
            end
            return answer
            """)
}
