import ChatProtocol
import Postgres

/// Where a client's sync stands: opaque to it. While pages are left, `upTo` is the snapshot of the first page, from
/// which the next sync will go on, and `after` the last chat that was sent.
struct SyncCursor: Equatable {
    struct Position: Equatable {
        let upTo: PostgresSnapshot
        let after: ChatHash
    }

    let epoch: String
    /// What changed since is new; nil for everything.
    let since: PostgresSnapshot?
    let position: Position?

    init(epoch: String, since: PostgresSnapshot?, position: Position? = nil) {
        self.epoch = epoch
        self.since = since
        self.position = position
    }

    /// Reads `1_<epoch>_<since>[_<upTo>_<after>]`; anything else is nil and means: from nothing.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 5, parts[0] == "1", !parts[1].isEmpty else { return nil }
        let since = parts[2].isEmpty ? nil : PostgresSnapshot(parts[2])
        guard parts[2].isEmpty || since != nil else { return nil }
        var position: Position?
        if parts.count == 5 {
            guard let upTo = PostgresSnapshot(parts[3]), let after = ChatHash(parts[4]) else { return nil }
            position = Position(upTo: upTo, after: after)
        }
        self.init(epoch: String(parts[1]), since: since, position: position)
    }

    var text: String {
        let start = "1_\(epoch)_\(since?.text ?? "")"
        return position.map { "\(start)_\($0.upTo.text)_\($0.after)" } ?? start
    }
}
