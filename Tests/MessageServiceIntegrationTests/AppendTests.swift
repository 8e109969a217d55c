import ChatProtocol
import ClientThread
import Foundation
import Postgres
import Support
import Testing

@testable import MessageService

/// message-service's use cases on a real PostgreSQL, without HTTP.
@Suite("Storing messages", .enabled(if: TestEnvironment.databaseURL != nil))
struct AppendTests {
    private let pool: PostgresPool
    private let chats: PostgresChats
    private let alice = UserID.make()
    private let bob = UserID.make()
    private var chat: ChatHash { ChatHash(directChatOf: alice, and: bob) }

    init() async throws {
        let configuration = PostgresConfiguration(
            url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests")
        _ = try Migrator.migrate(
            configuration, schema: "chat", migrations: MessageService.migrations, logger: TestEnvironment.logger)
        pool = PostgresPool(configuration, shared: 4, leased: 0, logger: TestEnvironment.logger)
        chats = PostgresChats(pool: pool)
        _ = try await chats.open(chat, by: alice, with: bob)
    }

    private func entry(_ body: String, id: MessageID = .make(), from: UserID? = nil) throws -> AppendRequest.Entry {
        AppendRequest.Entry(chat: chat, from: from ?? alice, id: id, body: try MessageBody(Array(body.utf8)))
    }

    private func connection() throws -> PostgresConnection {
        PostgresConnection(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests"),
            logger: TestEnvironment.logger)
    }

    private func append(_ entries: [AppendRequest.Entry]) async throws -> [AppendOutcome] {
        let connection = try connection()
        defer { connection.close() }
        return try await PostgresMessageLog.append(entries, on: connection, deadline: .after(.seconds(5)))
    }

    private func seq(_ outcome: AppendOutcome) -> Int64? {
        if case .stored(let seq, _, _, _) = outcome { seq } else { nil }
    }

    @Test("numbers them 1, 2, 3 in the order they came, and tells who the members are")
    func order() async throws {
        let outcomes = try await append([try entry("a"), try entry("b", from: bob), try entry("c")])
        #expect(outcomes.map(seq) == [1, 2, 3])
        if case .stored(_, _, let members, _) = outcomes[0] {
            #expect(members == [alice, bob].sorted())
        }
        let history = try await ReadHistory(pool: pool)(chat, page: HistoryPage(anchor: .newest, limit: 10), by: bob)
        #expect(history.messages.map(\.body.text) == ["a", "b", "c"])
        #expect(history.lastSeq == 3)
    }

    @Test("gives them times that never run backwards")
    func times() async throws {
        for _ in 0..<5 {
            _ = try await append(try (0..<60).map { try entry("\($0)", from: $0 % 2 == 0 ? alice : bob) })
        }
        let history = try await ReadHistory(pool: pool)(chat, page: HistoryPage(anchor: .after(0), limit: 200), by: bob)
        let times = history.messages.map(\.sentAt)
        #expect(history.messages.count == 200 && times == times.sorted())
    }

    @Test("stores the same id once, and the repeat gets the first answer")
    func idempotent() async throws {
        let message = try entry("once")
        let first = try await append([message])
        #expect(try await append([try entry("between")]).map(seq) == [2])
        #expect(try await append([message]) == first)
    }

    @Test("refuses the same id with another body, and strangers and unknown chats alike, without a hole in the order")
    func refusals() async throws {
        let id = MessageID.make()
        _ = try await append([try entry("one", id: id)])
        let unknown = AppendRequest.Entry(
            chat: ChatHash(high: 9, low: 9), from: alice, id: .make(), body: try MessageBody([65]))
        let outcomes = try await append([
            try entry("two", id: id), try entry("x", from: .make()), unknown, try entry("three"),
        ])
        #expect(outcomes.prefix(3) == [.refused(.conflict), .refused(.notFound), .refused(.notFound)])
        #expect(outcomes.map(seq).last == 2)
    }

    @Test("in parallel over several connections leaves one dense order and each id once")
    func parallel() async throws {
        let ids = (0..<50).map { _ in MessageID.make() }
        let connections = try (0..<4).map { _ in try connection() }
        defer {
            for connection in connections { connection.close() }
        }
        let entries = try ids.map { try entry("m", id: $0) }
        let seqs = try await withThrowingTaskGroup(of: [Int64?].self) { group in
            for connection in connections {
                for start in stride(from: 0, to: 50, by: 10) {
                    let batch = Array(entries[start..<start + 10])
                    group.addTask {
                        try await PostgresMessageLog.append(batch, on: connection, deadline: .after(.seconds(10))).map(
                            seq)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(seqs.count == 200)
        #expect(Set(seqs.compactMap { $0 }) == Set(1...50))
        let history = try await ReadHistory(pool: pool)(
            chat, page: HistoryPage(anchor: .after(0), limit: 200), by: alice)
        #expect(history.messages.map(\.seq) == Array(1...50))
        #expect(Set(history.messages.map(\.id)) == Set(ids))
    }

    @Test("through a lane answers each caller, whatever the others in the batch")
    func lanes() async throws {
        let lane = AppendLane(connection: try connection(), logger: TestEnvironment.logger)
        let appendMessages = AppendMessages(lanes: [lane])
        let (good, stranger) = (try entry("ok"), try entry("no", from: .make()))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await lane.run() }
            async let first = outcomes(of: [good, stranger], appendMessages)
            async let second = outcomes(of: [good], appendMessages)
            let outcomes = await (first, second)
            #expect(outcomes.0[1] == .refused(.notFound))
            #expect(outcomes.0[0] == outcomes.1[0] && seq(outcomes.1[0]) == 1)
            group.cancelAll()
        }
    }

    private func outcomes(
        of entries: [AppendRequest.Entry], _ appendMessages: AppendMessages
    ) async -> [AppendOutcome] {
        await withCheckedContinuation { continuation in
            appendMessages(entries, deadline: .after(.seconds(5))) { continuation.resume(returning: $0) }
        }
    }

    @Test("is found by the sweep even when it commits after the cursor was taken")
    func slowCommit() async throws {
        let connection = try connection()
        defer { connection.close() }
        let readTips = ReadTips(connection: connection)
        let slow = PostgresPool(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "slow"),
            shared: 1, leased: 1, logger: TestEnvironment.logger)
        defer { slow.close() }
        let (chat, alice) = (chat, alice)
        let cursor = try await slow.transaction(deadline: .after(.seconds(10))) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid) VALUES
                    (\(chat), 1, \(alice), \(MessageID.make()), 'slow', now(), pg_current_xact_id()::text::bigint)
                """)
            // Another transaction gets a later id and commits first.
            _ = try await pool.query(
                "UPDATE chat.chats SET last_seq = 1 WHERE hash = \(chat)", deadline: .after(.seconds(5)))
            return try await readTips(since: nil).next
        }
        let answer = try await readTips(since: cursor)
        #expect(answer.tips.contains { $0.chat == chat && $0.lastSeq == 1 })
        let later = try await readTips(since: answer.next)
        #expect(!later.tips.contains { $0.chat == chat })
    }

    @Test("is not read by the sweep while it is not committed, however much it is")
    func openImport() async throws {
        let connection = try connection()
        defer { connection.close() }
        let readTips = ReadTips(connection: connection)
        let imported: Int64 = 20_000
        let slow = PostgresPool(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "import"),
            shared: 1, leased: 1, logger: TestEnvironment.logger)
        defer { slow.close() }
        let (chat, alice, pool) = (chat, alice, pool)
        let entriesRead = {
            try await pool.query(
                """
                SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE indexrelid IN (
                    SELECT inhrelid FROM pg_inherits WHERE inhparent = 'chat.messages_by_transaction'::regclass)
                """, deadline: .after(.seconds(5)))[0].get(0, as: Int64.self)
        }
        try await slow.transaction(deadline: .after(.seconds(30))) { transaction in
            _ = try await transaction.query(
                """
                INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
                SELECT \(chat), seq, \(alice), gen_random_uuid(), 'old', now(), pg_current_xact_id()::text::bigint
                FROM generate_series(1, \(imported)) AS seq
                """)
            // Another transaction gets a later id and commits first, so that the import is behind the cursor.
            _ = try await pool.query(
                "UPDATE chat.chats SET last_seq = 1 WHERE hash = \(chat)", deadline: .after(.seconds(5)))
            let cursor = try await readTips(since: nil).next
            let before = try await entriesRead()
            let answer = try await readTips(since: cursor)
            #expect(!answer.tips.contains { $0.chat == chat })
            _ = try await connection.query("SELECT pg_stat_force_next_flush()", deadline: .after(.seconds(5)))
            #expect(try await entriesRead() - before < imported / 2)
        }
    }

    @Test("in larger numbers than a sweep may read makes it say so and move on")
    func manyAtOnce() async throws {
        let connection = try connection()
        defer { connection.close() }
        let readTips = ReadTips(connection: connection, messagesMax: 3)
        let cursor = try await readTips(since: nil).next
        _ = try await append(try (1...4).map { try entry("\($0)") })
        let answer = try await readTips(since: cursor)
        #expect(answer.overflow && answer.tips.isEmpty)
        _ = try await append(try (5...7).map { try entry("\($0)") })
        let later = try await readTips(since: answer.next)
        #expect(!later.overflow && later.tips.map(\.lastSeq) == [7])
    }
}

@Suite("Reading chats", .enabled(if: TestEnvironment.databaseURL != nil))
struct ReadingTests {
    private let pool: PostgresPool
    private let chats: PostgresChats
    private let alice = UserID.make()

    init() async throws {
        let configuration = PostgresConfiguration(
            url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests")
        _ = try Migrator.migrate(
            configuration, schema: "chat", migrations: MessageService.migrations, logger: TestEnvironment.logger)
        pool = PostgresPool(configuration, shared: 4, leased: 0, logger: TestEnvironment.logger)
        chats = PostgresChats(pool: pool)
    }

    private func open(with other: UserID) async throws -> ChatHash {
        let hash = ChatHash(directChatOf: alice, and: other)
        _ = try await chats.open(hash, by: alice, with: other)
        return hash
    }

    private func send(_ bodies: String..., to chat: ChatHash, from: UserID) async throws {
        let connection = PostgresConnection(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests"),
            logger: TestEnvironment.logger)
        defer { connection.close() }
        let entries = try bodies.map {
            AppendRequest.Entry(chat: chat, from: from, id: .make(), body: try MessageBody(Array($0.utf8)))
        }
        _ = try await PostgresMessageLog.append(entries, on: connection, deadline: .after(.seconds(5)))
    }

    @Test("A chat shows to the other side once it has a message")
    func hidden() async throws {
        let bob = UserID.make()
        let chat = try await open(with: bob)
        #expect(try await chats.list(of: alice, before: nil, limit: 10).map(\.0.hash) == [chat])
        #expect(try await chats.list(of: bob, before: nil, limit: 10).isEmpty)
        try await send("hi", to: chat, from: alice)
        #expect(try await chats.list(of: bob, before: nil, limit: 10).map(\.0.unread) == [1])
        #expect(try await chats.list(of: alice, before: nil, limit: 10).map(\.0.unread) == [0])
    }

    @Test("Notes to self are a chat with one member")
    func self_() async throws {
        let chat = try await open(with: alice)
        try await send("note", to: chat, from: alice)
        let own = try #require(try await chats.chat(chat, of: alice))
        #expect(own.members.map(\.userID) == [alice] && own.lastSeq == 1 && own.unread == 0)
    }

    @Test("The list pages through every chat once, newest first")
    func paging() async throws {
        var expected: [ChatHash] = []
        for _ in 0..<7 {
            let other = UserID.make()
            let chat = try await open(with: other)
            try await send("x", to: chat, from: other)
            expected.insert(chat, at: 0)
        }
        var seen: [ChatHash] = []
        var cursor: ChatListCursor?
        repeat {
            let page = try await chats.list(of: alice, before: cursor, limit: 3)
            seen += page.map(\.0.hash)
            cursor = page.count == 3 ? page.last?.1 : nil
        } while cursor != nil
        #expect(seen.count == 7 && Set(seen) == Set(expected))
    }

    @Test("Sync tells what changed since, messages, new chats and cursors of all members, and nothing else")
    func sync() async throws {
        let sync = SyncChats(pool: pool)
        let bob = UserID.make()
        let chat = try await open(with: bob)
        let quiet = try await open(with: .make())
        let first = try await sync(by: alice, since: nil)
        #expect(Set(first.chats.map(\.hash)) == [chat, quiet] && !first.more)
        #expect(try await sync(by: alice, since: first.next).chats.isEmpty)
        try await send("hi", to: chat, from: bob)
        let second = try await sync(by: alice, since: first.next)
        #expect(second.chats.map(\.hash) == [chat] && second.chats[0].lastMessage?.body.text == "hi")
        let cursors = RaiseCursors(
            connection: PostgresConnection(
                PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests"),
                logger: TestEnvironment.logger))
        let raised = try await cursors(
            [.init(chat: chat, user: alice, delivered: 0, read: 99)], deadline: .after(.seconds(5)))
        #expect(raised.map(\.read) == [1] && raised.map(\.delivered) == [1])
        #expect(
            try await cursors([.init(chat: chat, user: alice, delivered: 1, read: 1)], deadline: .after(.seconds(5)))
                .isEmpty)
        #expect(
            try await cursors([.init(chat: chat, user: .make(), delivered: 1, read: 1)], deadline: .after(.seconds(5)))
                .isEmpty)
        let third = try await sync(by: bob, since: first.next)
        #expect(third.chats.first?.members.first { $0.userID == alice }?.read == 1)
        let otherEpoch = SyncCursor(epoch: "other", since: second.next.since)
        #expect(Set(try await sync(by: alice, since: otherEpoch).chats.map(\.hash)) == [chat, quiet])
    }

    @Test("The history has another epoch with another mark, and when its table was restored")
    func epoch() async throws {
        let sync = SyncChats(pool: pool)
        let deadline = Deadline.after(.seconds(5))
        let first = try await sync(by: alice, since: nil).next.epoch
        #expect(try await sync(by: alice, since: nil).next.epoch == first)
        _ = try await pool.query("UPDATE chat.history SET mark = DEFAULT", deadline: deadline)
        let second = try await sync(by: alice, since: nil).next.epoch
        #expect(second != first)
        _ = try await pool.query("CREATE TABLE chat.copy (LIKE chat.history INCLUDING ALL)", deadline: deadline)
        _ = try await pool.query("INSERT INTO chat.copy SELECT * FROM chat.history", deadline: deadline)
        _ = try await pool.query("DROP TABLE chat.history", deadline: deadline)
        _ = try await pool.query("ALTER TABLE chat.copy RENAME TO history", deadline: deadline)
        let third = try await sync(by: alice, since: nil).next.epoch
        #expect(third != second && third.hasSuffix(String(second.suffix(8))))
    }

    @Test("Presence shows to those one has written to")
    func visible() async throws {
        let bob = UserID.make()
        let lookUp = LookUpChats(pool: pool)
        let chat = try await open(with: bob)
        func seen(by viewer: UserID, _ users: [UserID]) async throws -> [UserID] {
            try await lookUp.visible(to: viewer, among: users, deadline: .after(.seconds(5))).users
        }
        #expect(try await seen(by: alice, [bob, alice]) == [alice])
        try await send("hi", to: chat, from: bob)
        #expect(try await seen(by: alice, [bob]) == [bob])
        #expect(try await seen(by: bob, [alice]) == [])
    }
}
