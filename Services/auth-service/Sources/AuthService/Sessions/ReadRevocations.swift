package import ChatProtocol
import Postgres
import Tokens

/// `GET /internal/v1/revocations?since=`: the sessions that were ended since a cursor, for those who check access
/// tokens offline.
package struct ReadRevocations: Sendable {
    /// How long after the end of a session one of its access tokens may be in date: the longest life that can be
    /// configured, and clocks that differ.
    package static let memory: Duration = AccessToken.lifetimeMax + .seconds(60)

    private static let columns: StaticString = "now.epoch, now.snapshot, s.id, s.ended_at"

    let database: Database

    package init(_ database: Database) { self.database = database }

    /// - Parameter since: nil for all that still matter.
    package func callAsFunction(since text: String?) async throws -> RevocationsAnswer {
        guard let text else { return try await all().answer }
        guard let cursor = RevocationCursor(text) else { throw ParleyError(.badRequest, "since is not a cursor") }
        let (answer, next) = try await after(cursor)
        // Another history, or one that was set back: the cursor says nothing about it.
        guard next.epoch == cursor.epoch, next.snapshot.xmax >= cursor.snapshot.xmax else {
            return try await all().answer
        }
        return answer
    }

    private func after(_ cursor: RevocationCursor) async throws -> (answer: RevocationsAnswer, next: RevocationCursor) {
        // The first condition follows from the second, and is the one an index can serve.
        try Self.read(
            await database.query(
                """
                SELECT \(raw: Self.columns) FROM \(nowIn: "auth") AS now
                LEFT JOIN auth.sessions AS s ON s.ended_xid >= \(cursor.snapshot.xmin)
                    AND (s.ended_xid >= \(cursor.snapshot.xmax) OR s.ended_xid = ANY(\(cursor.snapshot.inProgress)))
                    AND s.ended_at > now() - \(Self.memory.milliseconds) * interval '1 millisecond'
                """))
    }

    private func all() async throws -> (answer: RevocationsAnswer, next: RevocationCursor) {
        try Self.read(
            await database.query(
                """
                SELECT \(raw: Self.columns) FROM \(nowIn: "auth") AS now LEFT JOIN auth.sessions AS s
                    ON s.ended_at > now() - \(Self.memory.milliseconds) * interval '1 millisecond'
                """))
    }

    private static func read(_ rows: PostgresRows) throws -> (answer: RevocationsAnswer, next: RevocationCursor) {
        guard let first = rows.first,
            let next = RevocationCursor(epoch: try first.get(0), snapshot: try first.get(1))
        else { throw PostgresError.decoding("no snapshot") }
        let revocations = try rows.compactMap { row -> RevocationsAnswer.Revocation? in
            guard let session = try row.getOptional(2, as: SessionID.self) else { return nil }
            return .init(session: session, until: try row.get(3, as: Timestamp.self).advanced(by: memory))
        }
        return (RevocationsAnswer(revocations: revocations, next: next.description), next)
    }
}
