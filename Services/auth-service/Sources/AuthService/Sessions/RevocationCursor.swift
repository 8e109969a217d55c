/// Up to where a reader knows the ended sessions: a snapshot of PostgreSQL (`pg_snapshot`, all transactions below `xmin`
/// are over, none from `xmax` on had begun, `running` were in between) and the history it belongs to. By it no commit
/// is missed, however long it took and whatever any clock says.
///
/// Written for a query string: `<system>-<timeline>.<xmin>.<xmax>.<running>-<running>`.
package struct RevocationCursor: Sendable, Equatable, CustomStringConvertible {
    private static let runningMax = 10_000

    /// System identifier and WAL timeline: after a failover or a restore transaction numbers mean something else.
    package let epoch: String
    package let xmin: Int64
    package let xmax: Int64
    package let running: [Int64]

    /// - Parameter snapshot: the text form of a `pg_snapshot`, `xmin:xmax:running,…`.
    package init?(epoch: String, snapshot: String) {
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        self.init(epoch, parts[0], parts[1], parts[2].split(separator: ","))
    }

    /// Reads what ``description`` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[0].isEmpty, parts[0].utf8.count <= 64,
            parts[0].utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Self.isAlphanumeric($0) })
        else { return nil }
        self.init(String(parts[0]), parts[1], parts[2], parts[3].split(separator: "-"))
    }

    private init?(_ epoch: String, _ xmin: Substring, _ xmax: Substring, _ running: [Substring]) {
        guard let xmin = Self.number(xmin), let xmax = Self.number(xmax), xmin <= xmax,
            running.count <= Self.runningMax
        else { return nil }
        self.epoch = epoch
        self.xmin = xmin
        self.xmax = xmax
        self.running = running.compactMap(Self.number)
        guard self.running.count == running.count else { return nil }
    }

    package var description: String {
        "\(epoch).\(xmin).\(xmax)." + running.map(String.init).joined(separator: "-")
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
