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
        var outcomes = [AppendOutcome](repeating: .refused(.internal), count: entries.count)
        for row in rows {
            let position = Int(try row.get(0, as: Int64.self)) - 1
            guard outcomes.indices.contains(position) else { throw .decoding("an ordinal out of range") }
            outcomes[position] = try outcome(of: row)
        }
        return outcomes
    }

    private static func outcome(of row: PostgresRow) throws(PostgresError) -> AppendOutcome {
        guard let seq = try row.getOptional(1, as: Int64.self) else { return .refused(.notFound) }
        guard try row.get(3, as: Bool.self) else { return .refused(.conflict) }
        return .stored(seq: seq, sentAt: try row.get(2), members: try row.get(4))
    }

    private static func lock(_ chats: [ChatHash]) -> PostgresQuery {
        "SELECT 1 FROM chat.chats WHERE hash = ANY(\(chats)) ORDER BY hash FOR UPDATE"
    }

    /// The clock is read once, after the locks, so that no time of a chat runs backwards.
    ///
    /// Columns: ordinal, seq (NULL: not a member, or no such chat), sent_at, whether the body is the stored one,
    /// members.
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
            SELECT input.*, chats.last_seq, chats.last_message_at
            FROM input
            JOIN chat.members ON members.chat = input.chat AND members.user_id = input.sender
            JOIN chat.chats ON chats.hash = input.chat
        ), stored AS (
            SELECT allowed.position, messages.seq, messages.sent_at, messages.body = allowed.body AS same_body
            FROM allowed
            JOIN chat.messages ON messages.chat = allowed.chat AND messages.sender = allowed.sender
                AND messages.client_id = allowed.client_id
        ), fresh AS (
            SELECT allowed.*,
                allowed.last_seq + row_number() OVER (PARTITION BY allowed.chat ORDER BY allowed.position) AS seq,
                GREATEST(clock.now, allowed.last_message_at) AS sent_at
            FROM allowed, clock
            WHERE NOT EXISTS (SELECT FROM stored WHERE stored.position = allowed.position)
        ), inserted AS (
            INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
            SELECT chat, seq, sender, client_id, body, sent_at, pg_current_xact_id()::text::bigint FROM fresh
        ), raised AS (
            UPDATE chat.chats
            SET last_seq = top.seq, last_message_at = top.sent_at, changed_xid = pg_current_xact_id()::text::bigint
            FROM (SELECT chat, max(seq) AS seq, max(sent_at) AS sent_at FROM fresh GROUP BY chat) AS top
            WHERE chats.hash = top.chat
        ), read AS (
            UPDATE chat.members
            SET delivered_seq = GREATEST(delivered_seq, own.seq), read_seq = GREATEST(read_seq, own.seq),
                changed_xid = pg_current_xact_id()::text::bigint
            FROM (SELECT chat, sender, max(seq) AS seq FROM fresh GROUP BY chat, sender) AS own
            WHERE members.chat = own.chat AND members.user_id = own.sender
        )
        SELECT input.position, COALESCE(stored.seq, fresh.seq), COALESCE(stored.sent_at, fresh.sent_at),
            COALESCE(stored.same_body, true),
            ARRAY(SELECT user_id FROM chat.members WHERE members.chat = input.chat ORDER BY user_id)
        FROM input
        LEFT JOIN stored ON stored.position = input.position
        LEFT JOIN fresh ON fresh.position = input.position
        """
    }
}
