import ChatProtocol

/// Which connections here watch whom, and the last state heard of each watched user: a value without I/O.
struct WatchTable {
    private var watchers: [UserID: Set<ConnectionRef>] = [:]
    private var watched: [ConnectionRef: [UserID]] = [:]
    private var states: [UserID: Presence] = [:]

    /// Replaces what a connection watches.
    /// - Returns: the users nobody here watches any more.
    mutating func replace(_ connection: ConnectionRef, _ users: [UserID]) -> [UserID] {
        let old = watched[connection] ?? []
        watched[connection] = users.isEmpty ? nil : users
        for user in users {
            watchers[user, default: []].insert(connection)
        }
        let kept = Set(users)
        var removed: [UserID] = []
        for user in old where !kept.contains(user) {
            watchers[user]?.remove(connection)
            guard watchers[user]?.isEmpty == true else { continue }
            watchers[user] = nil
            states[user] = nil
            removed.append(user)
        }
        return removed
    }

    /// The last state heard of a watched user.
    func state(of user: UserID) -> Presence? { states[user] }

    /// Whether nothing is known of a user, so that it is worth asking.
    func isUnknown(_ user: UserID) -> Bool { (states[user]?.state ?? .unknown) == .unknown }

    var users: [UserID] { Array(watchers.keys) }

    /// Takes news in.
    /// - Returns: what changed, with those who want to know.
    mutating func apply(_ news: [Presence]) -> [(Presence, Set<ConnectionRef>)] {
        news.compactMap { presence in
            guard let interested = watchers[presence.user], states[presence.user] != presence else { return nil }
            states[presence.user] = presence
            return (presence, interested)
        }
    }

    /// Nothing is known any more.
    mutating func forgetStates() -> [(Presence, Set<ConnectionRef>)] {
        apply(watchers.keys.map { Presence(user: $0, state: .unknown, lastSeen: nil) })
    }
}
