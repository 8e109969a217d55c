import ChatProtocol
import ClientThread
import Postgres

/// What gateways ask about chats and their members.
struct LookUpChats: Sendable {
    /// Chats or users of one request.
    static let entriesMax = 2048

    let pool: PostgresPool

    /// The members of those of the chats that exist.
    func members(of chats: [ChatHash], deadline: Deadline) async throws -> [ChatMembers] {
        let rows = try await pool.query(
            """
            SELECT chat, array_agg(user_id ORDER BY user_id), min(blocked_at)
            FROM chat.members WHERE chat = ANY(\(chats)) GROUP BY chat
            """, deadline: deadline)
        return try rows.map { row throws(PostgresError) in
            ChatMembers(chat: try row.get(0), members: try row.get(1), blockedSince: try row.getOptional(2))
        }
    }

    /// Those of the users whose presence `viewer` may see: themselves, and who has written to them; and between which of
    /// them and the viewer there is a block.
    func visible(to viewer: UserID, among users: [UserID], deadline: Deadline) async throws -> VisibleAnswer {
        let chats = users.map { ChatHash(directChatOf: viewer, and: $0) }
        let rows = try await pool.query(
            """
            SELECT pair.user_id, (SELECT min(blocked_at) FROM chat.members WHERE members.chat = pair.chat)
            FROM unnest(\(chats), \(users)) AS pair (chat, user_id)
            WHERE pair.user_id = \(viewer)
                OR EXISTS (SELECT FROM chat.messages WHERE messages.chat = pair.chat AND messages.sender = pair.user_id)
            """, deadline: deadline)
        let blocked = try rows.compactMap { row throws(PostgresError) -> VisibleAnswer.Blocked? in
            guard let since = try row.getOptional(1, as: Timestamp.self) else { return nil }
            return VisibleAnswer.Blocked(user: try row.get(0), since: since)
        }
        return VisibleAnswer(
            users: try rows.map { row throws(PostgresError) in try row.get(0) }, blocked: blocked)
    }
}
