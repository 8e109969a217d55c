import ChatProtocol
import ClientThread
import Postgres
import Synchronization

/// Tells the gateways' sweep which chats have messages committed since a cursor, and which blocks changed.
///
/// Equal cursors are answered by one read for a second. Gateways that ask within that second so get the same next
/// cursor and stay in step: the cost does not grow with their number.
actor ReadTips {
    /// Chats of one answer.
    static let chatsMax = 5000
    /// Changes of blocks of one answer; each takes a request of somebody, so there are never that many in two seconds.
    static let blocksMax = 100_000
    static let patience: Duration = .seconds(2)
    private static let sharedFor: Duration = .milliseconds(900)

    private let connection: PostgresConnection
    private let messagesMax: Int
    /// The reads under way, and for a while those that were answered.
    private var shared: [String: (answer: Task<TipsAnswer, any Error>, until: ContinuousClock.Instant?)] = [:]

    /// - Parameter messagesMax: messages that one answer may be made of; beyond them it says `overflow`, so that an
    ///   import of any size is read past in one step.
    init(connection: PostgresConnection, messagesMax: Int = 100_000) {
        self.connection = connection
        self.messagesMax = messagesMax
    }

    /// - Parameter cursor: an earlier answer's `next`; nil, or what is none, only gets a first cursor.
    func callAsFunction(since cursor: String?) async throws -> TipsAnswer {
        let now = ContinuousClock.now
        shared = shared.filter { $0.value.until.map { $0 > now } ?? true }
        let key = cursor ?? ""
        if let known = shared[key] { return try await known.answer.value }
        let answer = Task { try await self.read(since: cursor.flatMap { PostgresSnapshot($0) }) }
        shared[key] = (answer, nil)
        do {
            let value = try await answer.value
            shared[key]?.until = .now.advanced(by: Self.sharedFor)
            return value
        } catch {
            shared[key] = nil
            throw error
        }
    }

    private func read(since cursor: PostgresSnapshot?) async throws -> TipsAnswer {
        // The blocks are read after the snapshot that is the next cursor, so that none falls between.
        let answers = try await connection.group(
            [tips(since: cursor), Self.blocks(since: cursor)], deadline: .after(Self.patience))
        let rows = answers[0]
        guard let first = rows.first else { throw PostgresError.decoding("no snapshot") }
        let tips = try rows.prefix(Self.chatsMax).compactMap { row throws(PostgresError) -> Tip? in
            guard let chat = try row.getOptional(3, as: ChatHash.self) else { return nil }
            return Tip(chat: chat, lastSeq: try row.get(4), members: try row.get(5))
        }
        let blocks = try answers[1].map { row throws(PostgresError) in
            BlockChange(one: try row.get(0), other: try row.get(1), since: try row.getOptional(2))
        }
        return TipsAnswer(
            tips: tips, blocks: blocks, next: try first.get(0), epoch: try first.get(1),
            overflow: try first.get(2) || rows.count > Self.chatsMax)
    }

    /// Transactions that were under way at the cursor and still are have nothing to show: their rows, which may be
    /// millions, are not looked at, and the next cursor names them again.
    private func tips(since cursor: PostgresSnapshot?) -> PostgresQuery {
        let most = Int64(messagesMax + 1)
        return """
            WITH recent AS MATERIALIZED (
                (SELECT chat FROM chat.messages WHERE xid >= \(cursor?.xmax ?? .max)
                    AND xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint LIMIT \(most))
                UNION ALL
                (SELECT chat FROM chat.messages WHERE xid = ANY(ARRAY(
                    SELECT id FROM unnest(\(cursor?.inProgress ?? [])) AS id
                    WHERE pg_visible_in_snapshot(id::text::xid8, pg_current_snapshot())
                )) LIMIT \(most))
            ), total AS MATERIALIZED (
                SELECT count(*) >= \(most) AS overflow FROM recent
            )
            SELECT now.snapshot, now.epoch, total.overflow, tips.hash, tips.last_seq, tips.members
            FROM \(nowIn: "chat") AS now
            CROSS JOIN total
            LEFT JOIN LATERAL (
                SELECT chats.hash, chats.last_seq,
                    ARRAY(SELECT user_id FROM chat.members WHERE members.chat = chats.hash) AS members
                FROM (
                    SELECT DISTINCT chat FROM recent WHERE NOT total.overflow LIMIT \(Int64(Self.chatsMax + 1))
                ) AS changed
                JOIN chat.chats ON chats.hash = changed.chat
            ) AS tips ON true
            """
    }

    /// Whose blocks changed, and since when one of the two blocks the other now.
    private static func blocks(since cursor: PostgresSnapshot?) -> PostgresQuery {
        """
        SELECT user_id, blocked, LEAST(
            CASE WHEN ended_at IS NULL THEN blocked_at END,
            (SELECT blocked_at FROM chat.blocks AS back
                WHERE back.user_id = changed.blocked AND back.blocked = changed.user_id AND back.ended_at IS NULL))
        FROM (
            SELECT * FROM chat.blocks WHERE changed_xid >= \(cursor?.xmax ?? .max)
            UNION ALL
            SELECT * FROM chat.blocks WHERE changed_xid = ANY(\(cursor?.inProgress ?? []))
        ) AS changed
        LIMIT \(Int64(blocksMax))
        """
    }
}
