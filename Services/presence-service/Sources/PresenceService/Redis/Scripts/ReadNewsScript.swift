import Redis

extension PresenceScripts {
    /// ARGV[6…] users
    ///
    /// Who has to be told of these users, and what? Gateways are few and each has one set of watched users, so this
    /// asks each set for each user and needs no list of watchers per user, which would cost five times the memory.
    /// Returns: the ``PresenceMark`` of each user; then, for each live gateway that watches any of them, instance,
    /// address and the positions of these users from 0.
    static let readNews = RedisScript(
        prelude + stateOfUser + """
            local gateways = {}
            for _, instance in ipairs(redis.call('ZRANGEBYSCORE', leases, '(' .. whole(now), '+inf')) do
              local address = redis.call('HGET', instanceKey(instance), 'address')
              if address and redis.call('EXISTS', watchedKey(instance)) == 1 then
                local news = { instance, address }
                for index = 6, #ARGV do
                  if redis.call('SISMEMBER', watchedKey(instance), ARGV[index]) == 1 then
                    news[#news + 1] = index - 6
                  end
                end
                if #news > 2 then gateways[#gateways + 1] = news end
              end
            end
            local states = {}
            if #gateways > 0 then
              for index = 6, #ARGV do states[#states + 1] = state(ARGV[index]) end
            end
            return { states, gateways }
            """)
}
