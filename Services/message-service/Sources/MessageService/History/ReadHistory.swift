import ChatProtocol
import ClientThread
import Postgres

/// Which messages of a chat are asked for. As `seq` is dense, every page is a range of it.
struct HistoryPage: Equatable {
    enum Anchor: Equatable {
        case newest
        /// Exclusive.
        case before(Int64)
        /// Exclusive.
        case after(Int64)
        /// Inclusive.
        case around(Int64)
    }

    let anchor: Anchor
    let limit: Int64

    /// The first and last `seq` of the page in a chat whose last one is `lastSeq`.
    func range(lastSeq: Int64) -> (first: Int64, last: Int64) {
        switch anchor {
        case .newest: (lastSeq - limit + 1, lastSeq)
        case .before(let seq): (seq - limit, seq - 1)
        case .after(let seq): (seq + 1, seq + limit)
        case .around(let seq): (seq - limit / 2, seq - limit / 2 + limit - 1)
        }
    }

    /// Whether a page that is too large in bytes loses its oldest messages, and not its newest.
    var keepsNewest: Bool {
        switch anchor {
        case .newest, .before: true
        case .after, .around: false
        }
    }
}

/// Reads a page of a chat's history for one of its members.
struct ReadHistory: Sendable {
    /// Bytes of bodies in one page; a page that would have more is short.
    static let bytesMax = 512 << 10

    let pool: PostgresPool

    /// - Returns: the messages, ascending, and the chat's last `seq`.
    /// - Throws: ``ParleyError`` `not_found` for a stranger and for an unknown chat alike.
    func callAsFunction(
        _ chat: ChatHash, page: HistoryPage, by user: UserID
    ) async throws -> (messages: [Message], lastSeq: Int64) {
        let patience = PostgresChats.patience
        if page.anchor == .newest {
            guard let lastSeq = try await lastSeq(of: chat, by: user) else { throw ParleyError.chatNotFound }
            let newest = HistoryPage(anchor: .before(lastSeq + 1), limit: page.limit)
            return try await callAsFunction(chat, page: newest, by: user)
        }
        let (first, last) = page.range(lastSeq: 0)
        // The tip is read after the page, so that it is never below a message of the page.
        let rows = try await pool.group(
            [
                """
                SELECT seq, client_id, sender, body, sent_at FROM chat.messages
                WHERE chat = \(chat) AND seq BETWEEN \(first) AND \(last) ORDER BY seq
                """, Self.tip(of: chat, by: user),
            ], deadline: .after(patience))
        guard let lastSeq = try rows[1].first?.get(0, as: Int64.self) else { throw ParleyError.chatNotFound }
        let messages = try rows[0].map { row throws(PostgresError) in
            Message(
                chat: chat, seq: try row.get(0), id: try row.get(1), from: try row.get(2),
                body: MessageBody(stored: try row.get(3, as: PostgresText.self).utf8), sentAt: try row.get(4))
        }
        return (Self.cut(messages, keepsNewest: page.keepsNewest), lastSeq)
    }

    private func lastSeq(of chat: ChatHash, by user: UserID) async throws -> Int64? {
        try await pool.query(Self.tip(of: chat, by: user), deadline: .after(PostgresChats.patience)).first?.get(0)
    }

    private static func tip(of chat: ChatHash, by user: UserID) -> PostgresQuery {
        """
        SELECT last_seq FROM chat.chats JOIN chat.members ON members.chat = chats.hash
        WHERE chats.hash = \(chat) AND members.user_id = \(user)
        """
    }

    /// Cuts a page to its size in bytes; at least one message is left.
    static func cut(_ messages: [Message], keepsNewest: Bool) -> [Message] {
        var kept = 0
        var bytes = 0
        let nearestFirst = keepsNewest ? messages.reversed() : messages
        for message in nearestFirst {
            bytes += message.body.utf8.count
            if bytes > bytesMax && kept > 0 { break }
            kept += 1
        }
        return keepsNewest ? messages.suffix(kept) : Array(messages.prefix(kept))
    }
}
