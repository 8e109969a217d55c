/// A `pg_snapshot`: which transactions were over at a moment. A row of a transaction that was not over then is new
/// since, whatever the clocks say and however slowly it was committed.
package struct PostgresSnapshot: Equatable, Sendable {
    /// All transactions below it were over.
    package let xmin: Int64
    /// None from it on was over.
    package let xmax: Int64
    /// Those between that were under way.
    package let inProgress: [Int64]

    /// Transactions under way in one snapshot.
    private static let inProgressMax = 10_000

    /// Reads PostgreSQL's text form, `xmin:xmax:xip,xip,…`; anything else is nil.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = Self.number(parts[0]), let xmax = Self.number(parts[1]), 0 < xmin,
            xmin <= xmax
        else { return nil }
        let ids = parts[2].split(separator: ",")
        let inProgress = ids.compactMap { Self.number($0) }
        guard inProgress.count == ids.count, ids.count <= Self.inProgressMax else { return nil }
        self.xmin = xmin
        self.xmax = xmax
        self.inProgress = inProgress
    }

    private init(xmin: Int64, xmax: Int64, inProgress: [Int64]) {
        self.xmin = xmin
        self.xmax = xmax
        self.inProgress = inProgress
    }

    /// What somebody has seen who read rows by this snapshot, in the order of their transactions, and stopped behind
    /// one of them.
    package func cut(after xid: Int64) -> PostgresSnapshot {
        PostgresSnapshot(
            xmin: min(xmin, xid + 1), xmax: xid + 1, inProgress: inProgress.filter { $0 <= xid })
    }

    package var text: String { "\(xmin):\(xmax):" + inProgress.map(String.init).joined(separator: ",") }

    private static func number(_ text: some StringProtocol) -> Int64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }
}

extension PostgresQuery.StringInterpolation {
    /// A one-row SQL relation with `snapshot`, that of the very statement, and `epoch`, which names the history it
    /// belongs to: the cluster, its WAL timeline, and the schema's table `history`, which is another one after a dump
    /// was restored into the same cluster. In another epoch numbers of transactions from before mean nothing.
    package mutating func appendInterpolation(nowIn schema: StaticString) {
        appendLiteral(
            """
            (SELECT pg_current_snapshot()::text AS snapshot, (SELECT system_identifier FROM pg_control_system())::text
                || '-' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
                || '-' || (SELECT to_hex(tableoid::bigint) || '-' || mark FROM \(schema).history WHERE one) AS epoch)
            """)
    }
}
