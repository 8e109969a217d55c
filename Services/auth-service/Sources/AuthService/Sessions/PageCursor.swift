package import ChatProtocol
import Postgres

/// Up to where a reader knows the ended sessions, or the deletions. After a full page it is cut off behind the page's last
/// row, in the order of transactions and ids: what is not over yet stays named in it.
///
/// Written for a query string: `<epoch>.<snapshot>` or `<epoch>.<snapshot>.<id>`.
package struct PageCursor<Kind>: Sendable, Equatable, CustomStringConvertible {
    package let seen: RevocationCursor
    /// Of the last transaction in `seen`, only the ids up to this one were seen. (In a restored database many rows share
    /// the number 0.)
    package let after: Identifier<Kind>?

    init(seen: RevocationCursor, after: Identifier<Kind>?) {
        self.seen = seen
        self.after = after
    }

    /// Reads what ``description`` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let seen = RevocationCursor(parts[...1].joined(separator: ".")) else {
            return nil
        }
        after = parts.count == 3 ? Identifier(parts[2]) : nil
        guard parts.count == 2 || after != nil else { return nil }
        self.seen = seen
    }

    package var description: String { seen.description + (after.map { ".\($0)" } ?? "") }

    /// From which transaction on an index is read: what must be looked at follows from ``seen``, and this from that.
    var first: Int64 { min(seen.snapshot.xmin, max(seen.snapshot.xmax - 1, 0)) }
}
