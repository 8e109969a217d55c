import ChatProtocol
import ClientThread
import Postgres
import Synchronization

/// Tells the gateways' sweep which chats have messages committed since a cursor.
///
/// Equal cursors are answered by one read for a second. Gateways that ask within that second so get the same next
/// cursor and stay in step: the cost does not grow with their number.
actor ReadTips {
    /// Chats of one answer.
    static let chatsMax = 5000
    private static let sharedFor: Duration = .milliseconds(900)

    private let pool: PostgresPool
    private var shared: [String: (answer: Task<TipsAnswer, any Error>, until: ContinuousClock.Instant)] = [:]

    init(pool: PostgresPool) { self.pool = pool }

    /// - Parameter cursor: an earlier answer's `next`; nil, or what is none, only gets a first cursor.
    func callAsFunction(since cursor: String?) async throws -> TipsAnswer {
        let now = ContinuousClock.now
        shared = shared.filter { $0.value.until > now }
        let key = cursor ?? ""
        if let known = shared[key] { return try await known.answer.value }
        let pool = pool
        let answer = Task { try await Self.read(since: cursor.flatMap { PostgresSnapshot($0) }, from: pool) }
        shared[key] = (answer, now.advanced(by: Self.sharedFor))
        do {
            return try await answer.value
        } catch {
            shared[key] = nil
            throw error
        }
    }

    private static func read(since cursor: PostgresSnapshot?, from pool: PostgresPool) async throws -> TipsAnswer {
        // Without a cursor no transaction id qualifies.
        let xmin = cursor?.xmin ?? .max
        let xmax = cursor?.xmax ?? .max
        let rows = try await pool.query(
            """
            SELECT now.snapshot, now.epoch, tips.hash, tips.last_seq, tips.members
            FROM \(raw: PostgresSnapshot.now) AS now
            LEFT JOIN LATERAL (
                SELECT chats.hash, chats.last_seq,
                    ARRAY(SELECT user_id FROM chat.members WHERE members.chat = chats.hash) AS members
                FROM (
                    SELECT DISTINCT chat FROM chat.messages
                    WHERE xid >= \(xmin) AND (xid >= \(xmax) OR xid = ANY(\(cursor?.inProgress ?? [])))
                    LIMIT \(Int64(chatsMax + 1))
                ) AS changed
                JOIN chat.chats ON chats.hash = changed.chat
            ) AS tips ON true
            """, deadline: .after(PostgresChats.patience))
        guard let first = rows.first else { throw PostgresError.decoding("no snapshot") }
        let tips = try rows.prefix(chatsMax).compactMap { row throws(PostgresError) -> Tip? in
            guard let chat = try row.getOptional(2, as: ChatHash.self) else { return nil }
            return Tip(chat: chat, lastSeq: try row.get(3), members: try row.get(4))
        }
        return TipsAnswer(
            tips: tips, next: try first.get(0), epoch: try first.get(1), overflow: rows.count > chatsMax)
    }
}
