package import ChatProtocol
import Postgres

/// Where a reader of deletions goes on.
package typealias DeletionCursor = PageCursor<UserKind>

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
            LEFT JOIN auth.deletions AS d ON d.xid >= \(cursor?.first ?? 0)
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
