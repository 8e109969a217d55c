import ChatProtocol
import ClientThread
import Postgres

/// Raises delivered and read cursors: never down, never past the last message, read implies delivered.
///
/// Each cursor is a transaction of its own on a pipelined connection. One that held several member rows could
/// deadlock with an append that holds the same ones in another order. A cursor is a hint that clients repeat, so its
/// commit does not wait for the disk. While one member blocks the other a cursor is shown to nobody but its owner.
struct RaiseCursors: Sendable {
    /// Cursors of one request.
    static let entriesMax = 2048

    let connection: PostgresConnection

    func callAsFunction(
        _ entries: [RaiseCursorsRequest.Entry], deadline: Deadline
    ) async throws -> [RaiseCursorsAnswer.Raised] {
        try await withThrowingTaskGroup(of: RaiseCursorsAnswer.Raised?.self) { group in
            for entry in entries { group.addTask { try await raise(entry, deadline: deadline) } }
            var raised: [RaiseCursorsAnswer.Raised] = []
            for try await one in group { if let one { raised.append(one) } }
            return raised
        }
    }

    private func raise(
        _ entry: RaiseCursorsRequest.Entry, deadline: Deadline
    ) async throws(PostgresError) -> RaiseCursorsAnswer.Raised? {
        let delivered = max(entry.delivered, entry.read)
        let rows = try await connection.query(
            """
            UPDATE chat.members SET
                delivered_seq = GREATEST(delivered_seq, LEAST(\(delivered), last_seq)),
                read_seq = GREATEST(read_seq, LEAST(\(entry.read), last_seq)),
                shown_delivered = CASE WHEN blocking_at IS NOT NULL OR blocked_at IS NOT NULL THEN shown_delivered END,
                shown_read = CASE WHEN blocking_at IS NOT NULL OR blocked_at IS NOT NULL THEN shown_read END,
                changed_xid = pg_current_xact_id()::text::bigint
            FROM chat.chats
            WHERE chats.hash = members.chat AND members.chat = \(entry.chat) AND members.user_id = \(entry.user)
                AND (LEAST(\(delivered), last_seq) > delivered_seq OR LEAST(\(entry.read), last_seq) > read_seq)
            RETURNING delivered_seq, read_seq,
                CASE WHEN blocking_at IS NOT NULL OR blocked_at IS NOT NULL THEN ARRAY[user_id]
                    ELSE ARRAY(SELECT user_id FROM chat.members AS m WHERE m.chat = members.chat ORDER BY user_id) END
            """, deadline: deadline)
        guard let row = rows.first else { return nil }
        return RaiseCursorsAnswer.Raised(
            chat: entry.chat, user: entry.user, delivered: try row.get(0), read: try row.get(1),
            members: try row.get(2))
    }
}
