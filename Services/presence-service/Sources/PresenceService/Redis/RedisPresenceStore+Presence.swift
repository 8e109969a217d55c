import ChatProtocol
import ClientThread
import Redis

extension RedisPresenceStore {
    /// Notes that a gateway watches these users.
    /// - Returns: the present state of each.
    func watch(
        _ users: ArraySlice<UserID>, by instance: InstanceID, deadline: Deadline
    ) async throws(ParleyError) -> [Presence] {
        let reply = try await run(
            PresenceScripts.watchUsers, [instance.description] + users.map(\.description), deadline: deadline)
        guard let marks = reply.array, marks.count == users.count else { throw unreadable("watchUsers") }
        return try zip(users, marks).map { user, mark throws(ParleyError) in try presence(of: user, mark) }
    }

    func unwatch(_ users: ArraySlice<UserID>, by instance: InstanceID, deadline: Deadline) async throws(ParleyError) {
        _ = try await run(
            PresenceScripts.unwatchUsers, [instance.description] + users.map(\.description), deadline: deadline)
    }

    /// Ends graces that are over.
    /// - Returns: the users who are offline from now on, and whether there may be more.
    func endGraces(deadline: Deadline) async throws(ParleyError) -> (wentOffline: [UserID], more: Bool) {
        let reply = try await run(PresenceScripts.endGraces, [], deadline: deadline)
        guard let words = reply.array, let more = words.first?.integer else { throw unreadable("endGraces") }
        return (try users(words.dropFirst(), in: "endGraces"), more == 1)
    }

    /// The present states of users, for each live gateway that watches any of them.
    func news(of users: [UserID], deadline: Deadline) async throws(ParleyError) -> [PresencePush] {
        let reply = try await run(PresenceScripts.readNews, users.map(\.description), deadline: deadline)
        guard let parts = reply.array, parts.count == 2, let marks = parts[0].array, let gateways = parts[1].array
        else {
            throw unreadable("readNews")
        }
        var states: [Presence] = []
        for (user, mark) in zip(users, marks) { states.append(try presence(of: user, mark)) }
        var pushes: [PresencePush] = []
        for gateway in gateways {
            guard let words = gateway.array, words.count > 2, let address = words[1].string,
                let instance = words[0].string.flatMap({ InstanceID($0) })
            else { throw unreadable("readNews") }
            let watched = words.dropFirst(2).compactMap(\.integer).map { Int($0) }.filter(states.indices.contains)
            pushes.append(PresencePush(gateway: instance, address: address, states: watched.map { states[$0] }))
        }
        return pushes
    }

    private func presence(of user: UserID, _ mark: RedisValue) throws(ParleyError) -> Presence {
        guard let presence = mark.string.flatMap({ PresenceMark.presence(of: user, $0) }) else {
            throw unreadable("a user's state")
        }
        return presence
    }
}
