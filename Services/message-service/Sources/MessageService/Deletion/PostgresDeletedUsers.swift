import ChatProtocol
import ClientThread
import Postgres

/// The work that deleted accounts leave here, in small steps, each a transaction that also notes how far it came: a step
/// that was broken off is done again, which changes nothing, and a step that was done is not.
struct PostgresDeletedUsers: Sendable {
    /// Messages that one step looks at, and blocks that it ends.
    static let stepMax: Int64 = 1000
    /// When no access token of the account can be good any more, wherever auth-service was away: what was done with one
    /// until then is undone in a second round.
    static let secondRoundAfter: Duration = .seconds(1200)
    private static let patience: Duration = .seconds(10)

    /// For the steps; has leased connections.
    let pool: PostgresPool
    let blocks: PostgresBlocks

    /// Where the reading of auth-service's list stands; nil before the first.
    func cursor() async throws -> String? {
        try await pool.query("SELECT cursor FROM chat.deletions_read", deadline: .after(Self.patience)).first?.get(0)
    }

    /// Notes what is to be done, and moves the cursor, unless another instance has moved it.
    func note(_ deletions: [DeletionsAnswer.Deletion], cursor: String, after: String?) async throws {
        _ = try await pool.group(
            [
                """
                INSERT INTO chat.deleted_users (user_id, erases)
                SELECT * FROM unnest(\(deletions.map(\.user)), \(deletions.map { $0.messages == .erase }))
                ON CONFLICT DO NOTHING
                """,
                """
                INSERT INTO chat.deletions_read (cursor) VALUES (\(cursor))
                ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor WHERE deletions_read.cursor = \(after)
                """,
            ], deadline: .after(Self.patience))
    }

    /// Does one step for one account of which no other instance does one.
    /// - Returns: false where there is nothing to do just now.
    func work() async throws -> Bool {
        try await pool.transaction(deadline: .after(Self.patience)) { transaction in
            let rows = try await transaction.query(
                """
                SELECT user_id, erases, chat, seq FROM chat.deleted_users WHERE resume_at <= clock_timestamp()
                ORDER BY resume_at, user_id LIMIT 1 FOR UPDATE SKIP LOCKED
                """)
            guard let row = rows.first else { return false }
            let user: UserID = try row.get(0)
            if try await endBlocks(of: user) { return true }
            if try row.get(1, as: Bool.self),
                try await erase(user, from: try row.get(2), after: try row.get(3), transaction)
            {
                return true
            }
            try await finish(user, transaction)
            return true
        }
    }

    /// - Returns: whether there were any.
    private func endBlocks(of user: UserID) async throws -> Bool {
        let some = try await blocks.list(of: user).prefix(Int(Self.stepMax / 10))
        for block in some { try await blocks.remove(block.user, by: user) }
        return !some.isEmpty
    }

    /// Erases in the chat that is next.
    /// - Returns: false where there is none.
    private func erase(
        _ user: UserID, from place: ChatHash, after seq: Int64, _ transaction: PostgresTransaction
    ) async throws -> Bool {
        let next = try await transaction.query(
            """
            SELECT hash, last_seq FROM chat.user_chats JOIN chat.chats ON hash = chat
            WHERE user_id = \(user) AND chat >= \(place) AND (chat > \(place) OR last_seq > \(seq))
            ORDER BY chat LIMIT 1
            """)
        guard let row = next.first else { return false }
        let chat: ChatHash = try row.get(0)
        let start = chat == place ? seq : 0
        let end = min(try row.get(1), start + Self.stepMax)
        let erased = try await transaction.query(
            """
            UPDATE chat.messages SET body = ''
            WHERE chat = \(chat) AND seq > \(start) AND seq <= \(end) AND sender = \(user) AND body <> ''
            """)
        if erased.affected > 0 {
            // So that sync tells of the chat.
            _ = try await transaction.query(
                "UPDATE chat.chats SET changed_xid = pg_current_xact_id()::text::bigint WHERE hash = \(chat)")
        }
        _ = try await transaction.query(
            "UPDATE chat.deleted_users SET chat = \(chat), seq = \(end) WHERE user_id = \(user)")
        return true
    }

    /// Ends the first round, or the second, after which not even an ended block is left.
    private func finish(_ user: UserID, _ transaction: PostgresTransaction) async throws {
        _ = try await transaction.query(
            """
            DELETE FROM chat.blocks WHERE user_id = \(user)
                AND ended_at < clock_timestamp() - \(PostgresBlocks.endedFor.milliseconds) * interval '1 millisecond'
            """)
        _ = try await transaction.query(
            """
            UPDATE chat.deleted_users SET chat = DEFAULT, seq = DEFAULT,
                resume_at = CASE WHEN resume_at < second.at THEN second.at END
            FROM (SELECT user_id, heard_at + \(Self.secondRoundAfter.milliseconds) * interval '1 millisecond' AS at
                FROM chat.deleted_users) AS second
            WHERE deleted_users.user_id = \(user) AND second.user_id = deleted_users.user_id
            """)
    }
}
