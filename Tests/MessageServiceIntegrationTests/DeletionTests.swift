import ChatProtocol
import ClientThread
import Postgres
import Support
import Testing

@testable import MessageService

@Suite("A deleted account", .enabled(if: TestEnvironment.databaseURL != nil))
struct DeletionTests {
    private let world: ChatWorld
    private let blocks: PostgresBlocks
    private let store: PostgresDeletedUsers
    private let ada = UserID.make()
    private let bob = UserID.make()
    private var chat: ChatHash { ChatHash(directChatOf: ada, and: bob) }

    init() async throws {
        world = try await ChatWorld()
        blocks = PostgresBlocks(pool: world.pool)
        store = PostgresDeletedUsers(pool: world.pool, blocks: blocks)
        _ = try await world.open(ada, with: bob)
        // Other tests' leftovers would be worked on first.
        _ = try await world.query("UPDATE chat.deleted_users SET resume_at = NULL")
    }

    private func delete(_ messages: MessagesOfDeleted) async throws {
        let cursor = try await store.cursor()
        try await store.note([.init(user: ada, messages: messages)], cursor: "\(UserID.make())", after: cursor)
    }

    /// As if 21 minutes had passed.
    private func makeLater() async throws {
        _ = try await world.query(
            """
            UPDATE chat.deleted_users SET resume_at = resume_at - interval '21 minutes',
                heard_at = heard_at - interval '21 minutes'
            WHERE user_id = \(ada)
            """)
    }

    private func workToTheEnd() async throws -> Int {
        var steps = 0
        while try await store.work() { steps += 1 }
        return steps
    }

    private func bodies(by user: UserID, of chat: ChatHash) async throws -> [String] {
        try await ReadHistory(pool: world.pool)(chat, page: HistoryPage(anchor: .after(0), limit: 200), by: user)
            .messages.map { $0.form == .erased ? "(erased)" : $0.body.text }
    }

    @Test("that is to be erased leaves its places in every chat and no text, and sync tells of these chats")
    func erase() async throws {
        let notes = try await world.open(ada, with: ada)
        try await world.send("mine", to: notes, from: ada)
        try await world.send("one", to: chat, from: ada)
        try await world.send("two", to: chat, from: bob)
        try await world.send("three", to: chat, from: ada)
        let other = try await world.open(bob, with: .make())
        try await world.send("untouched", to: other, from: bob)
        let sync = SyncChats(pool: world.pool)
        let since = try await sync(by: bob, since: nil).next
        try await delete(.erase)
        _ = try await workToTheEnd()
        #expect(try await bodies(by: bob, of: chat) == ["(erased)", "two", "(erased)"])
        #expect(try await bodies(by: ada, of: notes) == ["(erased)"])
        #expect(try await bodies(by: bob, of: other) == ["untouched"])
        let told = try await sync(by: bob, since: since).chats
        #expect(told.map(\.hash) == [chat] && told[0].lastMessage?.form == .erased && told[0].lastSeq == 3)
    }

    @Test("that is kept loses its blocks only")
    func keep() async throws {
        #expect(try await blocks.add(bob, by: ada, blocksMax: 10))
        try await world.send("stays", to: chat, from: ada)
        try await delete(.keep)
        _ = try await workToTheEnd()
        #expect(try await bodies(by: bob, of: chat) == ["stays"])
        #expect(try await blocks.list(of: ada).isEmpty)
        try await world.send("hello?", to: chat, from: bob)
        #expect(try await bodies(by: ada, of: chat) == ["stays", "hello?"])
        _ = try await world.query(
            "UPDATE chat.blocks SET ended_at = ended_at - interval '20 minutes' WHERE user_id = \(ada)")
        try await makeLater()
        _ = try await workToTheEnd()
        #expect(try await world.query("SELECT 1 FROM chat.blocks WHERE user_id = \(ada)").isEmpty)
    }

    @Test("with more than a step holds is erased in steps, each of which may be broken off or done twice")
    func steps() async throws {
        let count = PostgresDeletedUsers.stepMax * 2 + 1
        _ = try await world.query(
            """
            WITH told AS (UPDATE chat.chats SET last_seq = \(count) WHERE hash = \(chat))
            INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
            SELECT \(chat), seq, \(ada), gen_random_uuid(), 'text', now(), 0 FROM generate_series(1, \(count)) AS seq
            """)
        func left() async throws -> Int64 {
            try await world.query("SELECT count(*) FROM chat.messages WHERE chat = \(chat) AND body <> ''")[0].get(0)
        }
        try await delete(.erase)
        #expect(try await store.work())
        #expect(try await left() == PostgresDeletedUsers.stepMax + 1)
        // Two instances at once: one waits for nothing and does nothing.
        async let first = store.work()
        async let second = store.work()
        _ = try await (first, second)
        _ = try await world.query("UPDATE chat.deleted_users SET seq = 0 WHERE user_id = \(ada)")
        _ = try await workToTheEnd()
        #expect(try await left() == 0)
    }

    @Test("is looked at a second time, when no token of it can be good any more")
    func secondRound() async throws {
        try await world.send("before", to: chat, from: ada)
        try await delete(.erase)
        _ = try await workToTheEnd()
        try await world.send("by a socket that did not hear of it", to: chat, from: ada)
        #expect(try await workToTheEnd() == 0)
        try await makeLater()
        #expect(try await workToTheEnd() > 0)
        #expect(try await bodies(by: bob, of: chat) == ["(erased)", "(erased)"])
        #expect(
            try await world.query("SELECT 1 FROM chat.deleted_users WHERE user_id = \(ada) AND resume_at IS NULL").count
                == 1)
    }

    @Test("is noted once, whoever hears of it, and the cursor moves only from where it was")
    func noted() async throws {
        let start = try await store.cursor()
        let deletion = DeletionsAnswer.Deletion(user: ada, messages: .keep)
        let (one, other) = ("\(UserID.make())", "\(UserID.make())")
        try await store.note([deletion], cursor: one, after: start)
        try await store.note([deletion], cursor: other, after: start)
        #expect(try await store.cursor() == one)
        let rows = try await world.query("SELECT 1 FROM chat.deleted_users WHERE user_id = \(ada)")
        #expect(rows.count == 1)
    }
}
