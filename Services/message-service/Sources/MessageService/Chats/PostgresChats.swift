import ChatProtocol
import ClientThread
import Postgres

/// Chats as their members see them.
struct PostgresChats: Sendable {
    /// Within which a read must be over.
    static let patience: Duration = .seconds(3)

    let pool: PostgresPool

    /// The columns that ``chat(from:at:)`` reads, of one user's chats. Whoever blocks the other has read everything: what
    /// the other writes does not count. Of others who block, or are blocked, the cursors are those that are shown.
    static let columns: StaticString = """
        chats.hash, chats.kind, chats.last_seq,
        CASE WHEN own.blocking_at IS NULL THEN own.read_seq ELSE chats.last_seq END,
        last.sender, last.client_id, last.body, last.sent_at,
        ARRAY(SELECT user_id FROM chat.members WHERE members.chat = chats.hash ORDER BY user_id),
        ARRAY(SELECT CASE WHEN user_id <> own.user_id THEN COALESCE(shown_delivered, delivered_seq)
                WHEN blocking_at IS NULL THEN delivered_seq ELSE chats.last_seq END
            FROM chat.members WHERE members.chat = chats.hash ORDER BY user_id),
        ARRAY(SELECT CASE WHEN user_id <> own.user_id THEN COALESCE(shown_read, read_seq)
                WHEN blocking_at IS NULL THEN read_seq ELSE chats.last_seq END
            FROM chat.members WHERE members.chat = chats.hash ORDER BY user_id),
        COALESCE(last.hidden AND last.sender <> own.user_id, false)
        """
    static let columnCount = 12

    /// Where those columns come from.
    static let source: StaticString = """
        chat.user_chats AS mine
        JOIN chat.chats ON chats.hash = mine.chat
        JOIN chat.members AS own ON own.chat = mine.chat AND own.user_id = mine.user_id
        LEFT JOIN chat.messages AS last ON last.chat = chats.hash AND last.seq = chats.last_seq
        """

    /// Which of them are in lists: those that the user opened, and those with a message. All messages of a chat that the
    /// other began while they were blocked are hidden, and so is the chat.
    static let isListed: StaticString = """
        (own.opened OR chats.last_seq > 0 AND (own.blocking_at IS NULL OR own.read_seq > 0))
        """

    /// What lists are ordered by. A chat does not move up for messages of somebody the user blocks.
    private static let activity: StaticString =
        "LEAST(COALESCE(chats.last_message_at, chats.created_at), own.blocking_at)"

    /// One chat, where the user is a member.
    func chat(_ hash: ChatHash, of user: UserID) async throws -> Chat? {
        let rows = try await pool.query(Self.find(hash, of: user), deadline: .after(Self.patience))
        return try rows.first.map { try Self.chat(from: $0) }
    }

    /// A page of a user's chats, newest activity first.
    func list(of user: UserID, before: ChatListCursor?, limit: Int) async throws -> [(Chat, ChatListCursor)] {
        let time = before?.time ?? Timestamp(milliseconds: 253_402_300_799_000)
        let hash = before?.hash ?? ChatHash(high: .max, low: .max)
        let rows = try await pool.query(
            """
            SELECT \(raw: Self.columns), \(raw: Self.activity)
            FROM \(raw: Self.source)
            WHERE mine.user_id = \(user) AND \(raw: Self.isListed)
                AND (\(raw: Self.activity), chats.hash) < (\(time), \(hash))
            ORDER BY \(raw: Self.activity) DESC, chats.hash DESC
            LIMIT \(Int64(limit))
            """, deadline: .after(Self.patience))
        return try rows.map { row in
            let chat = try Self.chat(from: row)
            return (chat, ChatListCursor(time: try row.get(Self.columnCount), hash: chat.hash))
        }
    }

    /// A user's chats in the order of their hashes, which never changes.
    func all(of user: UserID, after: ChatHash?, limit: Int) async throws -> [Chat] {
        let rows = try await pool.query(
            """
            SELECT \(raw: Self.columns) FROM \(raw: Self.source)
            WHERE mine.user_id = \(user) AND \(raw: Self.isListed) AND mine.chat > \(after ?? ChatHash(high: 0, low: 0))
            ORDER BY mine.chat LIMIT \(Int64(limit))
            """, deadline: .after(Self.patience))
        return try rows.map { try Self.chat(from: $0) }
    }

    static func find(_ hash: ChatHash, of user: UserID) -> PostgresQuery {
        "SELECT \(raw: columns) FROM \(raw: source) WHERE mine.user_id = \(user) AND mine.chat = \(hash)"
    }

    /// Reads ``columns`` from a row, the first of them at `start`.
    static func chat(from row: PostgresRow, at start: Int = 0) throws(PostgresError) -> Chat {
        let hash: ChatHash = try row.get(start)
        let lastSeq: Int64 = try row.get(start + 2)
        let read: Int64 = try row.get(start + 3)
        var lastMessage: Message?
        if let sender = try row.getOptional(start + 4, as: UserID.self) {
            let body = MessageBody(stored: try row.get(start + 6, as: PostgresText.self).utf8)
            lastMessage = Message(
                chat: hash, seq: lastSeq, id: try row.get(start + 5), from: sender, body: body,
                sentAt: try row.get(start + 7), form: .init(of: body, isHidden: try row.get(start + 11)))
        }
        let users: [UserID] = try row.get(start + 8)
        let delivered: [Int64] = try row.get(start + 9)
        let readBy: [Int64] = try row.get(start + 10)
        let members = zip(users, zip(delivered, readBy)).map { user, cursors in
            Chat.Member(userID: user, delivered: cursors.0, read: cursors.1)
        }
        return Chat(
            hash: hash, kind: try row.get(start + 1), lastSeq: lastSeq, unread: max(0, lastSeq - read),
            lastMessage: lastMessage, members: members)
    }
}

extension Message.Form {
    /// The form of a stored message: an erased one has no body.
    init(of body: MessageBody, isHidden: Bool) { self = isHidden ? .hidden : body.utf8.isEmpty ? .erased : .whole }
}

/// Where a page of the chat list ended: opaque to clients, `<milliseconds>-<hash>`.
struct ChatListCursor: Equatable {
    let time: Timestamp
    let hash: ChatHash

    init(time: Timestamp, hash: ChatHash) {
        self.time = time
        self.hash = hash
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = Int64(parts[0]), (0...253_402_300_799_000).contains(milliseconds),
            let hash = ChatHash(parts[1])
        else { return nil }
        self.init(time: Timestamp(milliseconds: milliseconds), hash: hash)
    }

    var text: String { "\(time.milliseconds)-\(hash)" }
}
