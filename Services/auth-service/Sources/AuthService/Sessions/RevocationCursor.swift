package import Postgres

/// Up to where a reader knows the ended sessions (or deletions): a snapshot of PostgreSQL, by which no commit is missed, however long
/// it took and whatever any clock says, and the history it belongs to.
///
/// Written for a query string: `<epoch>.<snapshot>`.
package struct RevocationCursor: Sendable, Equatable, CustomStringConvertible {
    /// Names the history: after a failover or a restore it is another, and transaction numbers mean something else.
    package let epoch: String
    package let snapshot: PostgresSnapshot

    package init(epoch: String, snapshot: PostgresSnapshot) {
        self.epoch = epoch
        self.snapshot = snapshot
    }

    /// - Parameter snapshot: the text form of a `pg_snapshot`.
    package init?(epoch: String, snapshot: String) {
        guard let snapshot = PostgresSnapshot(snapshot) else { return nil }
        self.init(epoch: epoch, snapshot: snapshot)
    }

    /// Reads what ``description`` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64,
            parts[0].utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Self.isAlphanumeric($0) })
        else { return nil }
        self.init(epoch: String(parts[0]), snapshot: String(parts[1]))
    }

    package var description: String { "\(epoch).\(snapshot.text)" }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
