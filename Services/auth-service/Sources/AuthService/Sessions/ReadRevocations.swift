package import ChatProtocol
import Postgres
import Tokens

/// `GET /internal/v1/revocations?since=`: the sessions that were ended since a cursor, in pages, for those who check
/// access tokens offline.
package struct ReadRevocations: Sendable {
    package typealias Cursor = PageCursor<SessionKind>

    package static let pageMax = 5000
    /// How long after the end of a session one of its access tokens may be in date: the longest life that can be
    /// configured, and clocks that differ.
    package static let memory: Duration = AccessToken.lifetimeMax + .seconds(60)

    let database: Database
    private let pageMax: Int

    package init(_ database: Database, pageMax: Int = Self.pageMax) {
        self.database = database
        self.pageMax = pageMax
    }

    /// - Parameter since: nil for all that still matter.
    package func callAsFunction(since text: String?) async throws -> RevocationsAnswer {
        guard let text else { return try await after(nil).answer }
        guard let cursor = Cursor(text) else { throw ParleyError(.badRequest, "since is not a cursor") }
        let (answer, now) = try await after(cursor)
        // Another history, or one that was set back: the cursor says nothing about it.
        guard now.epoch == cursor.seen.epoch, now.snapshot.xmax >= cursor.seen.snapshot.xmax else {
            return try await after(nil).answer
        }
        return answer
    }

    private func after(_ cursor: Cursor?) async throws -> (answer: RevocationsAnswer, now: RevocationCursor) {
        let end = cursor?.seen.snapshot.xmax ?? 0
        // The first condition follows from the second, and is the one an index can serve.
        let rows = try await database.query(
            """
            SELECT now.epoch, now.snapshot, s.ended_xid, s.id, s.ended_at FROM \(nowIn: "auth") AS now
            LEFT JOIN auth.sessions AS s ON s.ended_xid >= \(cursor?.first ?? 0)
                AND (s.ended_xid >= \(end) OR s.ended_xid = ANY(\(cursor?.seen.snapshot.inProgress ?? []))
                    OR (s.ended_xid = \(end - 1) AND s.id > \(cursor?.after)))
                AND s.ended_at > now() - \(Self.memory.milliseconds) * interval '1 millisecond'
            ORDER BY s.ended_xid, s.id LIMIT \(Int64(pageMax))
            """)
        guard let first = rows.first, let now = RevocationCursor(epoch: try first.get(0), snapshot: try first.get(1))
        else { throw PostgresError.decoding("no snapshot") }
        var revocations: [RevocationsAnswer.Revocation] = []
        var next = Cursor(seen: now, after: nil)
        for row in rows {
            guard let xid = try row.getOptional(2, as: Int64.self) else { continue }
            let session: SessionID = try row.get(3)
            revocations.append(
                .init(session: session, until: try row.get(4, as: Timestamp.self).advanced(by: Self.memory)))
            guard revocations.count == pageMax else { continue }
            next = Cursor(
                seen: RevocationCursor(epoch: now.epoch, snapshot: now.snapshot.cut(after: xid)), after: session)
        }
        return (RevocationsAnswer(revocations: revocations, next: next.description), now)
    }
}
