package import ChatProtocol
import Postgres

/// `GET /internal/v1/deletions?since=`: the accounts that were deleted since a cursor, in pages.
package struct ReadDeletions: Sendable {
    package static let pageMax = 1000

    let database: Database
    private let pageMax: Int

    package init(_ database: Database, pageMax: Int = Self.pageMax) {
        self.database = database
        self.pageMax = pageMax
    }

    /// - Parameter since: nil for all there ever were.
    package func callAsFunction(since text: String?) async throws -> DeletionsAnswer {
        guard let text else { return try await after(nil).answer }
        guard let cursor = DeletionCursor(text) else { throw ParleyError(.badRequest, "since is not a cursor") }
        let (answer, now) = try await after(cursor)
        // Another history, or one that was set back: the cursor says nothing about it.
        guard now.epoch == cursor.seen.epoch, now.snapshot.xmax >= cursor.seen.snapshot.xmax else {
            return try await after(nil).answer
        }
        return answer
    }

    private func after(_ cursor: DeletionCursor?) async throws -> (answer: DeletionsAnswer, now: RevocationCursor) {
        let end = cursor?.seen.snapshot.xmax ?? 0
        // The first condition follows from the second, and is the one an index can serve.
        let rows = try await database.query(
            """
            SELECT now.epoch, now.snapshot, d.xid, d.user_id, d.messages FROM \(nowIn: "auth") AS now
            LEFT JOIN auth.deletions AS d ON d.xid >= \(min(cursor?.seen.snapshot.xmin ?? 0, max(end - 1, 0)))
                AND (d.xid >= \(end) OR d.xid = ANY(\(cursor?.seen.snapshot.inProgress ?? []))
                    OR (d.xid = \(end - 1) AND d.user_id > \(cursor?.after)))
            ORDER BY d.xid, d.user_id LIMIT \(Int64(pageMax))
            """)
        guard let first = rows.first, let now = RevocationCursor(epoch: try first.get(0), snapshot: try first.get(1))
        else { throw PostgresError.decoding("no snapshot") }
        var deletions: [DeletionsAnswer.Deletion] = []
        var next = DeletionCursor(seen: now, after: nil)
        for row in rows {
            guard let xid = try row.getOptional(2, as: Int64.self) else { continue }
            guard let messages = MessagesOfDeleted(rawValue: try row.get(4)) else {
                throw PostgresError.decoding("no such choice")
            }
            deletions.append(.init(user: try row.get(3), messages: messages))
            guard deletions.count == pageMax else { continue }
            next = DeletionCursor(
                seen: RevocationCursor(epoch: now.epoch, snapshot: now.snapshot.cut(after: xid)), after: try row.get(3))
        }
        return (DeletionsAnswer(deletions: deletions, next: next.description), now)
    }
}

/// Up to where a reader knows the deletions. After a full page it is cut off behind the page's last row, in the order of
/// transactions and users: what is not over yet stays named in it.
///
/// Written for a query string: `<epoch>.<snapshot>` or `<epoch>.<snapshot>.<user>`.
package struct DeletionCursor: Sendable, Equatable, CustomStringConvertible {
    package let seen: RevocationCursor
    /// Of the last transaction in `seen`, only the users up to this one were seen. (One transaction deletes one user,
    /// but in a restored database all share the number 0.)
    package let after: UserID?

    init(seen: RevocationCursor, after: UserID?) {
        self.seen = seen
        self.after = after
    }

    /// Reads what ``description`` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let seen = RevocationCursor(parts[...1].joined(separator: ".")) else {
            return nil
        }
        after = parts.count == 3 ? UserID(parts[2]) : nil
        guard parts.count == 2 || after != nil else { return nil }
        self.seen = seen
    }

    package var description: String { seen.description + (after.map { ".\($0)" } ?? "") }
}
