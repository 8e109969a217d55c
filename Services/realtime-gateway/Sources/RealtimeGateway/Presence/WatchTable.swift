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

    private struct Block {
        var since: Timestamp
        /// When the user had left before, if that is known: shown on, whatever they do now.
        var left: Timestamp?
    }

    private var watchers: [UserID: Set<ConnectionRef>] = [:]
    private var watched: [ConnectionRef: Watch] = [:]
    private var states: [UserID: Presence] = [:]
    /// By watched user: to which connections they are blocked.
    private var blocks: [UserID: [ConnectionRef: Block]] = [:]
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
        states[user].map { Self.shown($0, blocks[user]?[connection], now: now) }
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
            for connection in blocked.keys { noteLeft(presence.user, connection) }
            let changed = blocked.compactMap { connection, block in
                Self.change(
                    connection, Self.shown(before, block, now: now),
                    Self.shown(presence, blocks[presence.user]?[connection], now: now))
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
            connections.compactMap { connection, block in
                guard let state = states[user] else { return nil }
                return Self.change(
                    connection, Self.shown(state, block, now: lastTick), Self.shown(state, block, now: now))
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
        guard let since else {
            blocks[user]?[connection] = nil
            if blocks[user]?.isEmpty == true { blocks[user] = nil }
            return
        }
        // Where each blocks the other and one of the two ends, the earlier one goes on showing.
        var block = blocks[user]?[connection] ?? Block(since: since)
        block.since = min(block.since, since)
        blocks[user, default: [:]][connection] = block
        noteLeft(user, connection)
    }

    /// Keeps the time at which somebody is shown to have left before they were blocked.
    private mutating func noteLeft(_ user: UserID, _ connection: ConnectionRef) {
        guard let state = states[user], state.state == .offline, let left = state.lastSeen,
            let block = blocks[user]?[connection], left < block.since
        else { return }
        blocks[user]?[connection]?.left = min(left, block.left ?? left)
    }

    private static func change(_ connection: ConnectionRef, _ before: Presence, _ after: Presence) -> Told? {
        before == after ? nil : (after, [connection])
    }

    private static func shown(_ presence: Presence, _ block: Block?, now: Timestamp) -> Presence {
        // While presence-service is away everybody is unknown.
        guard let block, presence.state != .unknown, block.since.advanced(by: leaveDelay) <= now else {
            return presence
        }
        let limit = block.left ?? block.since
        let lastSeen = presence.state == .online ? limit : presence.lastSeen.map { min($0, limit) }
        return Presence(user: presence.user, state: .offline, lastSeen: lastSeen)
    }
}
