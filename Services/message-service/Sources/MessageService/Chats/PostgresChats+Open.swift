import ChatProtocol
import ClientThread
import Postgres
import ServiceKit

extension PostgresChats {
    /// Makes the direct chat of two users, or opens the one there is, and returns it as `user` sees it.
    ///
    /// The chats that a user made within an hour are counted where they are made, under a lock of that user: so the
    /// limit holds for any number of requests at once through any number of instances. Blocks of before the chat are put
    /// on its members, under the lock under which blocks change.
    /// - Parameter newChatsPerHourMax: how many chats the user may make in an hour; nil: the chat is not counted.
    /// - Throws: ``ParleyError`` `rate_limited` where the chat would have to be made and may not be.
    func open(
        _ hash: ChatHash, by user: UserID, with other: UserID, newChatsPerHourMax: Int? = nil
    ) async throws -> Chat {
        let members = Array(Set([user, other])).sorted()
        let chats = Array(repeating: hash, count: members.count)
        let isCounted = newChatsPerHourMax != nil
        let most = Int64(newChatsPerHourMax ?? 1)
        let rows = try await pool.group(
            [
                .lock(user), .lock(hash),
                """
                INSERT INTO chat.chats (hash, changed_xid)
                SELECT \(hash), pg_current_xact_id()::text::bigint
                WHERE NOT \(isCounted) OR \(most) > (SELECT count(*) FROM chat.user_chats
                    WHERE user_id = \(user) AND made_at > clock_timestamp() - interval '1 hour')
                ON CONFLICT DO NOTHING
                """,
                """
                INSERT INTO chat.members (
                    chat, user_id, opened, changed_xid, blocking_at, blocked_at, shown_delivered, shown_read)
                SELECT t.chat, t.user_id, t.user_id = \(user), pg_current_xact_id()::text::bigint,
                    own.blocked_at, others.blocked_at, between.shown, between.shown
                FROM unnest(\(chats), \(members), \(Array(members.reversed()))) AS t (chat, user_id, other)
                JOIN chat.chats ON chats.hash = t.chat
                LEFT JOIN chat.blocks AS own
                    ON own.user_id = t.user_id AND own.blocked = t.other AND own.ended_at IS NULL
                LEFT JOIN chat.blocks AS others
                    ON others.user_id = t.other AND others.blocked = t.user_id AND others.ended_at IS NULL
                CROSS JOIN LATERAL (SELECT CASE WHEN own.blocked_at IS NOT NULL OR others.blocked_at IS NOT NULL
                    THEN 0 END AS shown) AS between
                ON CONFLICT (chat, user_id) DO UPDATE SET opened = true, changed_xid = excluded.changed_xid
                WHERE excluded.opened AND NOT members.opened
                """,
                // Whoever's transaction made the chat has made it.
                """
                INSERT INTO chat.user_chats (user_id, chat, made_at)
                SELECT t.user_id, t.chat, CASE WHEN \(isCounted) AND t.user_id = \(user)
                    AND chats.changed_xid = pg_current_xact_id()::text::bigint THEN clock_timestamp() END
                FROM unnest(\(members), \(chats)) AS t (user_id, chat) JOIN chat.chats ON chats.hash = t.chat
                ON CONFLICT DO NOTHING
                """,
                Self.find(hash, of: user),
                """
                SELECT (extract(epoch FROM made_at + interval '1 hour' - clock_timestamp()) * 1000)::bigint
                FROM chat.user_chats WHERE user_id = \(user) AND made_at IS NOT NULL
                ORDER BY made_at DESC OFFSET \(most - 1) LIMIT 1
                """,
            ], deadline: .after(Self.patience))
        if let row = rows[5].first { return try Self.chat(from: row) }
        guard isCounted else { throw PostgresError.decoding("the chat just made is not there") }
        // The newest `most` fill the hour; there is room again when the first of them is an hour old.
        let wait = try rows[6].first?.get(0, as: Int64.self) ?? 0
        throw RatePolicy(name: "new-chats", burst: Int(most), perSecond: Double(most) / 3600)
            .refusal("too many new chats", retryAfter: .milliseconds(max(1, wait)))
    }
}
