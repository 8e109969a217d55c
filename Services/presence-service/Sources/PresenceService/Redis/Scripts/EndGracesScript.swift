import Redis

extension PresenceScripts {
    /// No further ARGV.
    ///
    /// Takes out up to 500 graces that are over. Returns: 1 if there may be more or else 0, then the users who are
    /// offline from now on.
    static let endGraces = RedisScript(
        prelude + """
            local due = redis.call('ZRANGEBYSCORE', graces, '-inf', whole(now), 'LIMIT', 0, 500)
            local answer = { #due == 500 and 1 or 0 }
            for _, user in ipairs(due) do
              redis.call('ZREM', graces, user)
              if not isConnected(redis.call('GET', userKey(user))) then answer[#answer + 1] = user end
            end
            return answer
            """)
}
