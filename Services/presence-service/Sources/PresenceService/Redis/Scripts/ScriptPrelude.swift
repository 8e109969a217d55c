/// The Lua scripts, one in a file. None has KEYS (see ``RedisKeys`` on why), and all begin with the same ARGV:
///
///     ARGV[1] prefix of all keys · [2] lease, [3] grace, [4] last seen, [5] infancy, in milliseconds
///
/// Their own begin at ARGV[6].
enum PresenceScripts {
    /// Names of keys, the clock, and how a user's value changes.
    static let prelude = """
        local prefix = ARGV[1]
        local leaseTime, graceTime, lastSeenTime, infancy = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
        local leases, graces = prefix .. 'leases', prefix .. 'graces'
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)

        local function instanceKey(instance) return prefix .. 'instance:' .. instance end
        local function connectionsKey(instance) return prefix .. 'connections:' .. instance end
        local function watchedKey(instance) return prefix .. 'watched:' .. instance end
        local function userKey(user) return prefix .. 'user:' .. user end
        local function whole(number) return string.format('%.0f', number) end

        -- Whoever has something here has a lease, so that it is cleared away when they are gone.
        local function adopt(instance)
          redis.call('ZADD', leases, 'NX', whole(now + leaseTime), instance)
        end

        local function isConnected(value) return value and string.sub(value, 1, 1) ~= '@' end

        -- '<instance>:<connections> …' with one instance's number changed.
        local function counted(value, instance, change)
          local kept, found = {}, false
          for id, count in string.gmatch(value, '([^ :]+):(%d+)') do
            if id == instance then
              count, found = count + change, true
            end
            if tonumber(count) > 0 then kept[#kept + 1] = id .. ':' .. count end
          end
          if not found and change > 0 then kept[#kept + 1] = instance .. ':' .. change end
          return table.concat(kept, ' ')
        end

        -- A connection more. True where the user has counted as offline until now.
        local function enter(user, instance)
          local key = userKey(user)
          local value = redis.call('GET', key)
          if isConnected(value) then
            redis.call('SET', key, counted(value, instance, 1))
            return false
          end
          redis.call('SET', key, instance .. ':1')
          return redis.call('ZREM', graces, user) == 0
        end

        -- A connection less. After the last one the grace begins.
        local function leave(user, instance, ended)
          local key = userKey(user)
          local value = redis.call('GET', key)
          if not isConnected(value) then return end
          local rest = counted(value, instance, -1)
          if rest ~= '' then
            redis.call('SET', key, rest)
          else
            redis.call('SET', key, '@' .. whole(ended), 'PX', lastSeenTime)
            redis.call('ZADD', graces, whole(now + graceTime), user)
          end
        end

        """

    /// Ends up to about 500 connections of an instance, from where the last call stopped.
    static let dropConnections = """
        local function drop(instance, ended)
          local key = connectionsKey(instance)
          local cursor = redis.call('HGET', instanceKey(instance), 'swept') or '0'
          local page = redis.call('HSCAN', key, cursor, 'COUNT', 500)
          local entries = page[2]
          for index = 1, #entries, 2 do
            redis.call('HDEL', key, entries[index])
            leave(string.sub(entries[index + 1], 1, 36), instance, ended)
          end
          if page[1] == '0' then
            redis.call('HDEL', instanceKey(instance), 'swept')
            return true
          end
          redis.call('HSET', instanceKey(instance), 'swept', page[1])
          return false
        end

        """

    /// What a user's state is announced to be: in the grace still online. See ``PresenceMark``.
    static let stateOfUser = """
        local born = redis.call('GET', prefix .. 'born')
        local isInfant = not born or now - born < tonumber(infancy)

        local function state(user)
          local value = redis.call('GET', userKey(user))
          if not value then return isInfant and '?' or '-' end
          if isConnected(value) or redis.call('ZSCORE', graces, user) then return '+' end
          return value
        end

        """
}
