import Redis

extension PresenceScripts {
    /// ARGV[6] instance · [7] number · [8] name of the reset, or empty · [9] 1 if it is the batch's last step ·
    /// [10] how many opened · then connection, user, "session device" of each opened · then the closed connections
    ///
    /// Returns: 1 if it was the batch's turn or else 0, applied, then the users who came online.
    static let applyConnections = RedisScript(
        prelude + """
            local instance, number, reset = ARGV[6], tonumber(ARGV[7]), ARGV[8]
            local known = redis.call('HMGET', instanceKey(instance), 'applied', 'resetting')
            local applied = tonumber(known[1] or 0)
            if reset == '' then
              if applied ~= number - 1 or known[2] then return { 0, applied } end
            elseif known[2] ~= reset then
              return { 0, applied }
            end
            adopt(instance)

            local key = connectionsKey(instance)
            local answer = { 1, applied }
            local index = 11
            for _ = 1, tonumber(ARGV[10]) do
              local connection, user, rest = ARGV[index], ARGV[index + 1], ARGV[index + 2]
              index = index + 3
              local value = user .. ' ' .. whole(now) .. ' ' .. rest
              if redis.call('HSETNX', key, connection, value) == 1 and enter(user, instance) then
                answer[#answer + 1] = user
              end
            end
            for closed = index, #ARGV do
              local value = redis.call('HGET', key, ARGV[closed])
              if value then
                redis.call('HDEL', key, ARGV[closed])
                leave(string.sub(value, 1, 36), instance, now)
              end
            end

            if ARGV[9] == '1' then
              redis.call('HSET', instanceKey(instance), 'applied', whole(number))
              redis.call('HDEL', instanceKey(instance), 'resetting')
              answer[2] = number
            end
            return answer
            """)
}
