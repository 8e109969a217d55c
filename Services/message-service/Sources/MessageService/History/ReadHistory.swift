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

    /// Where the page is, relative to a place in the chat that is known only with its last `seq`.
    struct Range: Equatable {
        /// The place: this, but not beyond `lastSeq` + `reach`.
        let place: Int64
        let reach: Int64
        /// The first and the last `seq` of the page, counted from the place.
        let first: Int64
        let last: Int64
    }

    var range: Range {
        switch anchor {
        case .newest: Range(place: Limits.seqMax, reach: 1, first: -limit, last: -1)
        case .before(let seq): Range(place: seq, reach: 1, first: -limit, last: -1)
        case .after(let seq): Range(place: seq, reach: 0, first: 1, last: limit)
        case .around(let seq): Range(place: seq, reach: 0, first: -(limit / 2), last: limit - limit / 2 - 1)
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
        let range = page.range
        // The tip is read after the page, so that it is never below a message of the page. A stranger's page is empty in
        // the database already: otherwise the time it takes would tell whether there is such a chat.
        let rows = try await pool.group(
            [
                """
                SELECT seq, client_id, sender, body, sent_at, COALESCE(hidden AND sender <> \(user), false)
                FROM chat.messages
                WHERE chat = \(chat)
                    AND EXISTS (SELECT FROM chat.members WHERE members.chat = \(chat) AND user_id = \(user))
                    AND seq >= (SELECT LEAST(\(range.place), last_seq + \(range.reach)) FROM chat.chats
                        WHERE hash = \(chat)) + \(range.first)
                    AND seq <= (SELECT LEAST(\(range.place), last_seq + \(range.reach)) FROM chat.chats
                        WHERE hash = \(chat)) + \(range.last)
                ORDER BY seq
                """,
                """
                SELECT last_seq FROM chat.chats JOIN chat.members ON members.chat = chats.hash
                WHERE chats.hash = \(chat) AND members.user_id = \(user)
                """,
            ], deadline: .after(PostgresChats.patience))
        guard let lastSeq = try rows[1].first?.get(0, as: Int64.self) else { throw ParleyError.chatNotFound }
        let messages = try rows[0].map { row throws(PostgresError) in
            let body = MessageBody(stored: try row.get(3, as: PostgresText.self).utf8)
            return Message(
                chat: chat, seq: try row.get(0), id: try row.get(1), from: try row.get(2), body: body,
                sentAt: try row.get(4), form: .init(of: body, isHidden: try row.get(5)))
        }
        return (Self.cut(messages, keepsNewest: page.keepsNewest), lastSeq)
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
