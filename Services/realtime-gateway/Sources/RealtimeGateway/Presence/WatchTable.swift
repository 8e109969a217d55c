import ChatProtocol

/// Which connections here watch whom, and the last state heard of each watched user: a value without I/O.
///
/// Somebody between whom and a viewer there is a block is shown to that viewer as who has left when the block began:
/// online until ``leaveDelay`` later, as anybody who leaves is, and offline since then.
struct WatchTable {
    /// One change, and those who want to know of it.
    typealias Told = (presence: Presence, connections: Set<ConnectionRef>)

    /// How long presence-service waits before it calls somebody offline.
    static let leaveDelay: Duration = .seconds(10)

    private struct Watch {
        let viewer: UserID
        let users: [UserID]
    }

    private var watchers: [UserID: Set<ConnectionRef>] = [:]
    private var watched: [ConnectionRef: Watch] = [:]
    private var states: [UserID: Presence] = [:]
    /// By watched user: to which connections they are blocked, and since when.
    private var blocks: [UserID: [ConnectionRef: Timestamp]] = [:]
    private var lastTick = Timestamp(milliseconds: 0)

    /// Replaces what a connection watches.
    /// - Parameter blocked: those of the users between whom and the viewer there is a block, and since when.
    /// - Returns: the users nobody here watches any more.
    mutating func replace(
        _ connection: ConnectionRef, of viewer: UserID, _ users: [UserID], blocked: [UserID: Timestamp] = [:]
    ) -> [UserID] {
        let old = watched[connection]?.users ?? []
        watched[connection] = users.isEmpty ? nil : Watch(viewer: viewer, users: users)
        for user in old where blocks[user] != nil { setBlock(user, connection, since: nil) }
        for user in users {
            watchers[user, default: []].insert(connection)
            if let since = blocked[user] { setBlock(user, connection, since: since) }
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

    /// A connection watches nobody any more.
    /// - Returns: the users nobody here watches any more.
    mutating func stop(_ connection: ConnectionRef) -> [UserID] {
        guard let viewer = watched[connection]?.viewer else { return [] }
        return replace(connection, of: viewer, [])
    }

    /// What a connection is shown of a watched user; nil where nothing is known.
    func shown(_ user: UserID, to connection: ConnectionRef, now: Timestamp) -> Presence? {
        states[user].map { Self.shown($0, blockedSince: blocks[user]?[connection], now: now) }
    }

    /// Whether nothing is known of a user, so that it is worth asking.
    func isUnknown(_ user: UserID) -> Bool { (states[user]?.state ?? .unknown) == .unknown }

    var users: [UserID] { Array(watchers.keys) }

    /// Every connection that watches, whose it is, and whom it watches.
    var all: [(connection: ConnectionRef, viewer: UserID, users: [UserID])] {
        watched.map { ($0.key, $0.value.viewer, $0.value.users) }
    }

    /// Takes news in.
    /// - Returns: what changed, with those who want to know.
    mutating func apply(_ news: [Presence], now: Timestamp) -> [Told] {
        news.flatMap { presence -> [Told] in
            guard let interested = watchers[presence.user], states[presence.user] != presence else { return [] }
            let before = states[presence.user] ?? .unknown(presence.user)
            states[presence.user] = presence
            guard let blocked = blocks[presence.user] else { return [(presence, interested)] }
            let changed = blocked.compactMap { connection, since in
                Self.change(
                    connection, Self.shown(before, blockedSince: since, now: now),
                    Self.shown(presence, blockedSince: since, now: now))
            }
            return [(presence, interested.subtracting(blocked.keys))] + changed
        }
    }

    /// Nothing is known any more.
    mutating func forgetStates(now: Timestamp) -> [Told] { apply(watchers.keys.map { .unknown($0) }, now: now) }

    /// Takes news of blocks in.
    mutating func heard(_ changes: [BlockChange], now: Timestamp) -> [Told] {
        changes.flatMap { change in
            set(change.since, between: change.one, and: change.other, now: now)
                + set(change.since, between: change.other, and: change.one, now: now)
        }
    }

    /// To be called several times a second: blocks whose ``leaveDelay`` is over begin to show.
    mutating func tick(now: Timestamp) -> [Told] {
        defer { lastTick = now }
        return blocks.flatMap { user, connections in
            connections.compactMap { connection, since in
                guard let state = states[user] else { return nil }
                return Self.change(
                    connection, Self.shown(state, blockedSince: since, now: lastTick),
                    Self.shown(state, blockedSince: since, now: now))
            }
        }
    }

    private mutating func set(
        _ since: Timestamp?, between viewer: UserID, and user: UserID, now: Timestamp
    ) -> [Told] {
        (watchers[user] ?? []).compactMap { connection -> Told? in
            guard watched[connection]?.viewer == viewer else { return nil }
            let before = shown(user, to: connection, now: now)
            setBlock(user, connection, since: since)
            guard let before, let after = shown(user, to: connection, now: now) else { return nil }
            return Self.change(connection, before, after)
        }
    }

    private mutating func setBlock(_ user: UserID, _ connection: ConnectionRef, since: Timestamp?) {
        blocks[user, default: [:]][connection] = since
        if blocks[user]?.isEmpty == true { blocks[user] = nil }
    }

    private static func change(_ connection: ConnectionRef, _ before: Presence, _ after: Presence) -> Told? {
        before == after ? nil : (after, [connection])
    }

    private static func shown(_ presence: Presence, blockedSince since: Timestamp?, now: Timestamp) -> Presence {
        // While presence-service is away everybody is unknown.
        guard let since, presence.state != .unknown, since.advanced(by: leaveDelay) <= now else { return presence }
        let lastSeen = presence.state == .online ? since : presence.lastSeen.map { min($0, since) }
        return Presence(user: presence.user, state: .offline, lastSeen: lastSeen)
    }
}
