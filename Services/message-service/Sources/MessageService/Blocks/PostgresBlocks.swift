import ChatProtocol
import ClientThread
import Postgres

/// Who blocks whom: in table `blocks`, and on the members of the direct chat, where an append and every read see it
/// without a look-up. Both change under the lock of the chat, so that a message is hidden or not by one order of events.
struct PostgresBlocks: Sendable {
    struct Block: Equatable {
        let user: UserID
        let since: Timestamp
    }

    /// How long a block that ended is kept at least, so that gateways hear of its end.
    static let endedFor: Duration = .seconds(900)

    let pool: PostgresPool

    /// The users that `user` blocks, the newest first.
    func list(of user: UserID) async throws -> [Block] {
        let rows = try await pool.query(
            """
            SELECT blocked, blocked_at FROM chat.blocks WHERE user_id = \(user) AND ended_at IS NULL
            ORDER BY blocked_at DESC, blocked
            """, deadline: .after(PostgresChats.patience))
        return try rows.map { row throws(PostgresError) in Block(user: try row.get(0), since: try row.get(1)) }
    }

    /// Puts a block, or leaves the one there is. For the one who blocks all that was written so far is read.
    /// - Returns: false where that would be one too many.
    func add(_ other: UserID, by user: UserID, blocksMax: Int) async throws -> Bool {
        let chat = ChatHash(directChatOf: user, and: other)
        let rows = try await pool.group(
            [
                .lock(user), .lock(chat), Self.lockRow(of: chat),
                """
                DELETE FROM chat.blocks
                WHERE user_id = \(user) AND blocked <> \(other)
                    AND ended_at < clock_timestamp() - \(Self.endedFor.milliseconds) * interval '1 millisecond'
                """,
                """
                INSERT INTO chat.blocks (user_id, blocked, blocked_at, changed_xid)
                SELECT \(user), \(other), date_trunc('milliseconds', clock_timestamp()),
                    pg_current_xact_id()::text::bigint
                WHERE \(Int64(blocksMax)) > (SELECT count(*) FROM chat.blocks
                    WHERE user_id = \(user) AND blocked <> \(other) AND ended_at IS NULL)
                ON CONFLICT (user_id, blocked) DO UPDATE
                SET blocked_at = excluded.blocked_at, ended_at = NULL, changed_xid = excluded.changed_xid
                WHERE blocks.ended_at IS NOT NULL
                """,
                """
                UPDATE chat.members SET
                    blocking_at = CASE user_id WHEN \(user) THEN block.since ELSE blocking_at END,
                    blocked_at = CASE user_id WHEN \(other) THEN block.since ELSE blocked_at END,
                    shown_delivered = COALESCE(shown_delivered, delivered_seq),
                    shown_read = COALESCE(shown_read, read_seq),
                    delivered_seq = CASE user_id WHEN \(user) THEN last_seq ELSE delivered_seq END,
                    read_seq = CASE user_id WHEN \(user) THEN last_seq ELSE read_seq END,
                    changed_xid = CASE user_id WHEN \(user) THEN pg_current_xact_id()::text::bigint
                        ELSE members.changed_xid END
                FROM chat.chats, (SELECT blocked_at AS since FROM chat.blocks
                    WHERE user_id = \(user) AND blocked = \(other) AND ended_at IS NULL) AS block
                WHERE chats.hash = \(chat) AND members.chat = chats.hash
                """,
                """
                SELECT 1 FROM chat.blocks WHERE user_id = \(user) AND blocked = \(other) AND ended_at IS NULL
                """,
            ], deadline: .after(PostgresChats.patience))
        return !rows[6].isEmpty
    }

    /// Ends a block, if there is one. What was hidden stays so and is read; what the blocked one sees of the other stays
    /// as it is until there is something new to see.
    func remove(_ other: UserID, by user: UserID) async throws {
        let chat = ChatHash(directChatOf: user, and: other)
        _ = try await pool.group(
            [
                .lock(chat), Self.lockRow(of: chat),
                """
                UPDATE chat.blocks SET ended_at = clock_timestamp(), changed_xid = pg_current_xact_id()::text::bigint
                WHERE user_id = \(user) AND blocked = \(other) AND ended_at IS NULL
                """,
                """
                UPDATE chat.members SET
                    blocking_at = CASE user_id WHEN \(user) THEN NULL ELSE blocking_at END,
                    blocked_at = CASE user_id WHEN \(other) THEN NULL ELSE blocked_at END,
                    shown_delivered = CASE WHEN user_id <> \(other) OR blocking_at IS NOT NULL THEN shown_delivered END,
                    shown_read = CASE WHEN user_id <> \(other) OR blocking_at IS NOT NULL THEN shown_read END,
                    delivered_seq = CASE user_id WHEN \(user) THEN last_seq ELSE delivered_seq END,
                    read_seq = CASE user_id WHEN \(user) THEN last_seq ELSE read_seq END,
                    changed_xid = CASE user_id WHEN \(user) THEN pg_current_xact_id()::text::bigint
                        ELSE members.changed_xid END
                FROM chat.chats
                WHERE chats.hash = \(chat) AND members.chat = chats.hash
                    AND EXISTS (SELECT FROM chat.members AS own WHERE own.chat = chats.hash AND own.user_id = \(user)
                        AND own.blocking_at IS NOT NULL)
                """,
            ], deadline: .after(PostgresChats.patience))
    }

    private static func lockRow(of chat: ChatHash) -> PostgresQuery {
        "SELECT 1 FROM chat.chats WHERE hash = \(chat) FOR UPDATE"
    }
}

extension PostgresQuery {
    /// What one user does, one at a time, until the transaction ends. Always taken before ``lock(_:)-chat``.
    static func lock(_ user: UserID) -> PostgresQuery {
        "SELECT pg_advisory_xact_lock(uuid_hash_extended(\(user), 1))"
    }

    /// A chat that may not exist yet, until the transaction ends.
    static func lock(_ chat: ChatHash) -> PostgresQuery {
        "SELECT pg_advisory_xact_lock(uuid_hash_extended(\(chat), 2))"
    }
}
