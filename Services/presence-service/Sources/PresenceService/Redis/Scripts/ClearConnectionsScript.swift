import Redis

extension PresenceScripts {
    /// ARGV[6] instance · [7] name of the reset · [8] 1 to begin it
    ///
    /// Ends some connections of a gateway that registers all of them again. Until the reset is complete `applied` is 0
    /// and only its own steps are taken; one that begins later takes over. Returns ``ClearedConnections``.
    static let clearConnections = RedisScript(
        prelude + dropConnections + """
            local instance, reset = ARGV[6], ARGV[7]
            local key = instanceKey(instance)
            if ARGV[8] == '1' then
              adopt(instance)
              redis.call('HSET', key, 'applied', 0, 'resetting', reset)
              redis.call('HDEL', key, 'swept')
            elseif redis.call('HGET', key, 'resetting') ~= reset then
              return -1
            end
            return drop(instance, now) and 1 or 0
            """)
}
