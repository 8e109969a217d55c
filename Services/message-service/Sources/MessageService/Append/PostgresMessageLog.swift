import ChatProtocol
import ClientThread
import Postgres

/// The append of messages: two statements in one sync group, which is one implicit transaction in one round trip.
///
/// The first statement locks the chats in hash order; only the second, with a snapshot of its own taken after the
/// locks, looks for duplicates and numbers what is new. As one statement a parallel duplicate would be missed by the
/// older snapshot, and locks in another order would deadlock.
enum PostgresMessageLog {
    /// Writes entries of which no two have the same (chat, sender, id).
    /// - Returns: the outcome of each.
    static func append(
        _ entries: [AppendRequest.Entry], on connection: PostgresConnection, deadline: Deadline
    ) async throws(PostgresError) -> [AppendOutcome] {
        let chats = Array(Set(entries.map(\.chat))).sorted()
        let rows = try await connection.group([lock(chats), write(entries)], deadline: deadline)[1]
        // What has no row is of no member, or of no chat.
        var outcomes = [AppendOutcome](repeating: .refused(.notFound), count: entries.count)
        for row in rows {
            let position = Int(try row.get(0, as: Int64.self)) - 1
            guard outcomes.indices.contains(position) else { throw .decoding("an ordinal out of range") }
            outcomes[position] = try outcome(of: row)
        }
        return outcomes
    }

    private static func outcome(of row: PostgresRow) throws(PostgresError) -> AppendOutcome {
        guard try row.get(3, as: Bool.self) else { return .refused(.conflict) }
        return .stored(seq: try row.get(1), sentAt: try row.get(2), members: try row.get(4), hidden: try row.get(5))
    }

    private static func lock(_ chats: [ChatHash]) -> PostgresQuery {
        "SELECT 1 FROM chat.chats WHERE hash = ANY(\(chats)) ORDER BY hash FOR UPDATE"
    }

    /// The clock is read once, after the locks, so that no time of a chat runs backwards.
    ///
    /// What a sender writes who was blocked is hidden; the row by which membership is checked says so. Their own message
    /// is read also in the cursors that are shown instead of the real ones, where there are such.
    ///
    /// Columns: ordinal, seq, sent_at, whether the body is the stored one, members, whether it is hidden.
    private static func write(_ entries: [AppendRequest.Entry]) -> PostgresQuery {
        """
        WITH clock AS MATERIALIZED (
            SELECT date_trunc('milliseconds', clock_timestamp()) AS now
        ), input AS (
            SELECT * FROM unnest(
                \(entries.map(\.chat)), \(entries.map(\.from)), \(entries.map(\.id)),
                \(entries.map { PostgresText($0.body.utf8) })
            ) WITH ORDINALITY AS t (chat, sender, client_id, body, position)
        ), allowed AS (
            SELECT input.*, chats.last_seq, chats.last_message_at, stored.seq AS stored_seq,
                stored.sent_at AS stored_at, stored.body = input.body AS same_body, stored.hidden AS stored_hidden,
                members.blocked_at IS NOT NULL AS hidden
            FROM input
            JOIN chat.members ON members.chat = input.chat AND members.user_id = input.sender
            JOIN chat.chats ON chats.hash = input.chat
            LEFT JOIN chat.messages AS stored ON stored.chat = input.chat AND stored.sender = input.sender
                AND stored.client_id = input.client_id
        ), fresh AS (
            SELECT chat, sender, client_id, body, position, hidden,
                last_seq + row_number() OVER (PARTITION BY chat ORDER BY position) AS seq,
                GREATEST(clock.now, last_message_at) AS sent_at
            FROM allowed, clock WHERE stored_seq IS NULL
        ), inserted AS (
            INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid, hidden)
            SELECT chat, seq, sender, client_id, body, sent_at, pg_current_xact_id()::text::bigint,
                NULLIF(hidden, false)
            FROM fresh
        ), raised AS (
            UPDATE chat.chats
            SET last_seq = top.seq, last_message_at = top.sent_at, changed_xid = pg_current_xact_id()::text::bigint
            FROM (SELECT chat, max(seq) AS seq, max(sent_at) AS sent_at FROM fresh GROUP BY chat) AS top
            WHERE chats.hash = top.chat
        ), read AS (
            UPDATE chat.members
            SET delivered_seq = GREATEST(delivered_seq, own.seq), read_seq = GREATEST(read_seq, own.seq),
                shown_delivered = CASE WHEN shown_delivered IS NOT NULL THEN GREATEST(shown_delivered, own.seq) END,
                shown_read = CASE WHEN shown_read IS NOT NULL THEN GREATEST(shown_read, own.seq) END,
                changed_xid = pg_current_xact_id()::text::bigint
            FROM (SELECT chat, sender, max(seq) AS seq FROM fresh GROUP BY chat, sender) AS own
            WHERE members.chat = own.chat AND members.user_id = own.sender
        )
        SELECT position, seq, sent_at, same_body,
            ARRAY(SELECT user_id FROM chat.members WHERE members.chat = done.chat ORDER BY user_id), hidden
        FROM (
            SELECT chat, position, stored_seq, stored_at, same_body, COALESCE(stored_hidden, false)
            FROM allowed WHERE stored_seq IS NOT NULL
            UNION ALL
            SELECT chat, position, seq, sent_at, true, hidden FROM fresh
        ) AS done (chat, position, seq, sent_at, same_body, hidden)
        """
    }
}
