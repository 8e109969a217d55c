import Redis

extension PresenceScripts {
    /// ARGV[6] instance · then users
    ///
    /// Returns: the ``PresenceMark`` of each user.
    static let watchUsers = RedisScript(
        prelude + stateOfUser + """
            local instance = ARGV[6]
            adopt(instance)
            local answer = {}
            for index = 7, #ARGV do
              redis.call('SADD', watchedKey(instance), ARGV[index])
              answer[#answer + 1] = state(ARGV[index])
            end
            return answer
            """)

    /// ARGV[6] instance · then users
    ///
    /// Returns 1.
    static let unwatchUsers = RedisScript(
        prelude + """
            for index = 7, #ARGV do redis.call('SREM', watchedKey(ARGV[6]), ARGV[index]) end
            return 1
            """)
}
