/// A `pg_snapshot`: which transactions were over at a moment. A row of a transaction that was not over then is new
/// since, whatever the clocks say and however slowly it was committed.
struct Snapshot: Equatable, Sendable {
    /// All transactions below it were over.
    let xmin: Int64
    /// None from it on was over.
    let xmax: Int64
    /// Those between that were under way.
    let inProgress: [Int64]

    /// Transactions under way in one snapshot.
    private static let inProgressMax = 10_000

    /// Reads PostgreSQL's text form, `xmin:xmax:xip,xip,…`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = Int64(parts[0]), let xmax = Int64(parts[1]), 0 < xmin, xmin <= xmax else {
            return nil
        }
        let ids = parts[2].split(separator: ",", omittingEmptySubsequences: true)
        let inProgress = ids.compactMap { Int64($0) }
        guard inProgress.count == ids.count, ids.count <= Self.inProgressMax else { return nil }
        self.xmin = xmin
        self.xmax = xmax
        self.inProgress = inProgress
    }

    var text: String { "\(xmin):\(xmax):" + inProgress.map(String.init).joined(separator: ",") }
}

/// Names the history a client has read: the cluster and its WAL timeline. After a failover or a restore it is another.
enum HistoryEpoch {
    /// A SQL expression for it.
    static let sql: StaticString = """
        ((SELECT system_identifier FROM pg_control_system())::text || '-'
            || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))
        """
}
