import ChatProtocol
import ClientThread
import Postgres
import Support
import Testing

@testable import MessageService

@Suite("A block", .enabled(if: TestEnvironment.databaseURL != nil))
struct BlockTests {
    private let world: ChatWorld
    private let blocks: PostgresBlocks
    private let sync: SyncChats
    /// The one who blocks.
    private let ada = UserID.make()
    /// The one who is blocked.
    private let bob = UserID.make()
    private var chat: ChatHash { ChatHash(directChatOf: ada, and: bob) }

    init() async throws {
        world = try await ChatWorld()
        blocks = PostgresBlocks(pool: world.pool)
        sync = SyncChats(pool: world.pool)
        _ = try await world.open(ada, with: bob)
    }

    private func block(_ other: UserID? = nil, by user: UserID? = nil, most: Int = BlockUser.blocksMax) async throws {
        #expect(try await blocks.add(other ?? bob, by: user ?? ada, blocksMax: most))
    }

    private func history(of user: UserID) async throws -> [Message] {
        try await ReadHistory(pool: world.pool)(chat, page: HistoryPage(anchor: .after(0), limit: 200), by: user)
            .messages
    }

    private func seen(by user: UserID) async throws -> Chat {
        try #require(try await world.chats.chat(chat, of: user))
    }

    private func cursor(of member: UserID, seenBy user: UserID) async throws -> Chat.Member {
        try #require(try await seen(by: user).members.first { $0.userID == member })
    }

    private func raise(_ user: UserID, delivered: Int64, read: Int64) async throws -> [RaiseCursorsAnswer.Raised] {
        let connection = PostgresConnection(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests"),
            logger: TestEnvironment.logger)
        defer { connection.close() }
        return try await RaiseCursors(connection: connection)(
            [.init(chat: chat, user: user, delivered: delivered, read: read)], deadline: .after(ChatWorld.soon))
    }

    @Test("hides what the blocked one writes from the other alone, in history and last message, and keeps its place")
    func hides() async throws {
        try await world.send("before", to: chat, from: bob)
        try await block()
        let outcomes = try await world.send("secret", "again", to: chat, from: bob)
        guard case .stored(2, _, _, hidden: true) = outcomes[0], case .stored(3, _, _, hidden: true) = outcomes[1]
        else {
            Issue.record("not stored as hidden: \(outcomes)")
            return
        }
        try await world.send("mine", to: chat, from: ada)
        let own = try await history(of: bob)
        #expect(own.map(\.body.text) == ["before", "secret", "again", "mine"] && own.allSatisfy { $0.form == .whole })
        let theirs = try await history(of: ada)
        #expect(theirs.map(\.seq) == [1, 2, 3, 4])
        #expect(theirs.map(\.form) == [.whole, .hidden, .hidden, .whole])
        #expect(theirs.map(\.body.text) == ["before", "", "", "mine"])
        #expect(zip(own, theirs).allSatisfy { $0.id == $1.id && $0.from == $1.from && $0.sentAt == $1.sentAt })
        try await world.send("last", to: chat, from: bob)
        #expect(try await seen(by: ada).lastMessage?.form == .hidden)
        #expect(try await seen(by: bob).lastMessage?.body.text == "last")
        #expect(try await sync(by: ada, since: nil).chats.map(\.lastMessage?.form) == [.hidden])
    }

    @Test("gives a repeated send the same answer, hidden or whole, whatever changed between")
    func repeated() async throws {
        func entry(_ body: String) throws -> AppendRequest.Entry {
            .init(chat: chat, from: bob, id: .make(), body: try MessageBody(Array(body.utf8)))
        }
        let (whole, hidden) = (try entry("a"), try entry("b"))
        let first = try await world.append([whole])
        try await block()
        let second = try await world.append([hidden])
        #expect(try await world.append([whole]) == first)
        try await blocks.remove(bob, by: ada)
        #expect(try await world.append([hidden, whole]) == second + first)
        #expect(second != first)
    }

    @Test("counts nothing of it as unread, and leaves what was hidden hidden when it ends")
    func unread() async throws {
        try await world.send("one", "two", to: chat, from: bob)
        #expect(try await seen(by: ada).unread == 2)
        try await block()
        try await world.send("three", to: chat, from: bob)
        let blocked = try await seen(by: ada)
        #expect(blocked.unread == 0 && blocked.members.first { $0.userID == ada }?.read == 3)
        try await blocks.remove(bob, by: ada)
        #expect(try await seen(by: ada).unread == 0)
        try await world.send("four", to: chat, from: bob)
        #expect(try await seen(by: ada).unread == 1)
        #expect(try await history(of: ada).map(\.form) == [.whole, .whole, .hidden, .whole])
    }

    @Test("shows neither the other's cursors: they stay as they were, and go on with the first new one after its end")
    func cursors() async throws {
        try await world.send("one", "two", "three", to: chat, from: bob)
        _ = try await raise(ada, delivered: 2, read: 1)
        try await block()
        #expect(try await raise(ada, delivered: 3, read: 3).isEmpty, "blocking has read everything")
        try await world.send("four", to: chat, from: bob)
        let raised = try await raise(ada, delivered: 4, read: 4)
        #expect(raised.map(\.members) == [[ada]] && raised.map(\.read) == [4])
        #expect(try await cursor(of: ada, seenBy: bob) == Chat.Member(userID: ada, delivered: 2, read: 1))
        try await world.send("mine", to: chat, from: ada)
        #expect(try await cursor(of: ada, seenBy: bob) == Chat.Member(userID: ada, delivered: 5, read: 5))
        #expect(try await raise(bob, delivered: 5, read: 5).map(\.members) == [[bob]])
        #expect(try await cursor(of: bob, seenBy: ada) == Chat.Member(userID: bob, delivered: 4, read: 4))
        try await world.send("five", to: chat, from: bob)
        try await blocks.remove(bob, by: ada)
        #expect(try await cursor(of: ada, seenBy: bob) == Chat.Member(userID: ada, delivered: 5, read: 5))
        #expect(try await cursor(of: bob, seenBy: ada) == Chat.Member(userID: bob, delivered: 6, read: 6))
        try await world.send("six", to: chat, from: bob)
        #expect(try await raise(ada, delivered: 7, read: 7).map(\.members) == [[ada, bob].sorted()])
        #expect(try await cursor(of: ada, seenBy: bob) == Chat.Member(userID: ada, delivered: 7, read: 7))
    }

    @Test("changes nothing that the blocked one's sync tells, neither when it begins and ends nor what the other reads")
    func syncOfTheBlocked() async throws {
        try await world.send("one", to: chat, from: bob)
        let start = try await sync(by: bob, since: nil).next
        let own = try await sync(by: ada, since: nil).next
        try await block()
        #expect(try await sync(by: ada, since: own).chats.map(\.hash) == [chat])
        #expect(try await sync(by: bob, since: start).chats.isEmpty)
        try await world.send("two", to: chat, from: bob)
        let sent = try await sync(by: bob, since: nil).next
        _ = try await raise(ada, delivered: 2, read: 2)
        #expect(try await sync(by: bob, since: sent).chats.isEmpty)
        try await blocks.remove(bob, by: ada)
        #expect(try await sync(by: bob, since: sent).chats.isEmpty)
    }

    @Test("of before a chat exists holds for it, and a chat that holds only hidden messages is in no list")
    func beforeTheChat() async throws {
        let eve = UserID.make()
        try await block(eve)
        let early = try await world.open(eve, with: ada)
        try await world.send("spam", to: early, from: eve)
        #expect(try await world.chats.list(of: ada, before: nil, limit: 10).map(\.0.hash) == [chat])
        #expect(try await sync(by: ada, since: nil).chats.map(\.hash) == [chat])
        #expect(try await world.chats.list(of: eve, before: nil, limit: 10).map(\.0.hash) == [early])
        #expect(try await world.chats.chat(early, of: ada)?.lastMessage?.form == .hidden)
        // The other way round the blocked one gets what they are written.
        let friend = UserID.make()
        try await block(ada, by: friend)
        let written = try await world.open(friend, with: ada)
        try await world.send("hi", to: written, from: friend)
        #expect(try await world.chats.list(of: ada, before: nil, limit: 10).first?.0.lastMessage?.body.text == "hi")
    }

    @Test("and the making of the chat at once end with a block that holds", arguments: 0..<20)
    func race(_: Int) async throws {
        let eve = UserID.make()
        async let opened = world.open(eve, with: ada)
        async let added = blocks.add(eve, by: ada, blocksMax: 10)
        let (early, isAdded) = (try await opened, try await added)
        guard case .stored(_, _, _, hidden: true) = try await world.send("x", to: early, from: eve)[0], isAdded else {
            Issue.record("the block does not hold")
            return
        }
    }

    @Test("does not let a chat move up in the list of the one who blocks")
    func order() async throws {
        let other = try await world.open(ada, with: .make())
        try await world.send("old", to: chat, from: bob)
        try await block()
        try await world.send("newer", to: other, from: ada)
        try await world.send("newest", to: chat, from: bob)
        #expect(try await world.chats.list(of: ada, before: nil, limit: 10).map(\.0.hash) == [other, chat])
        let first = try await world.chats.list(of: ada, before: nil, limit: 1)
        #expect(
            try await world.chats.list(of: ada, before: first[0].1, limit: 1).map(\.0.hash) == [chat], "pages agree")
    }

    @Test("in both directions ends with the second of them")
    func both() async throws {
        try await block()
        try await block(ada, by: bob)
        try await blocks.remove(bob, by: ada)
        try await world.send("from ada", to: chat, from: ada)
        try await world.send("from bob", to: chat, from: bob)
        #expect(try await history(of: bob).map(\.form) == [.hidden, .whole])
        #expect(try await history(of: ada).map(\.form) == [.whole, .whole])
        #expect(try await raise(ada, delivered: 2, read: 2).map(\.members) == [[ada]])
        try await blocks.remove(ada, by: bob)
        try await world.send("again", to: chat, from: bob)
        #expect(try await raise(ada, delivered: 3, read: 3).map(\.members) == [[ada, bob].sorted()])
    }

    @Test("is listed, may be repeated and ended without being there, and is one of a thousand at most")
    func list() async throws {
        let others = (0..<3).map { _ in UserID.make() }
        for other in others { #expect(try await blocks.add(other, by: ada, blocksMax: 3)) }
        #expect(try await blocks.add(others[0], by: ada, blocksMax: 3), "it is there already")
        #expect(try await !blocks.add(bob, by: ada, blocksMax: 3))
        #expect(Set(try await blocks.list(of: ada).map(\.user)) == Set(others))
        try await blocks.remove(others[1], by: ada)
        try await blocks.remove(.make(), by: ada)
        #expect(try await blocks.add(bob, by: ada, blocksMax: 3))
        #expect(try await blocks.list(of: ada).first?.user == bob)
        #expect(try await blocks.list(of: bob).isEmpty)
    }

    @Test("is told to gateways: in the tips since their cursor, with the members of its chat, and to who watches")
    func told() async throws {
        let connection = PostgresConnection(
            PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests"),
            logger: TestEnvironment.logger)
        defer { connection.close() }
        let lookUp = LookUpChats(pool: world.pool)
        func change(since cursor: String) async throws -> (BlockChange?, String) {
            // A new one each time: equal cursors are answered alike for a second.
            let answer = try await ReadTips(connection: connection)(since: cursor)
            return (answer.blocks.first { $0.one == ada && $0.other == bob }, answer.next)
        }
        try await world.send("hi", to: chat, from: ada)
        let start = try await ReadTips(connection: connection)(since: nil).next
        try await block()
        let since = try #require(try await blocks.list(of: ada).first?.since)
        let (begun, next) = try await change(since: start)
        #expect(begun?.since == since)
        #expect(try await lookUp.members(of: [chat], deadline: .after(ChatWorld.soon)).map(\.blockedSince) == [since])
        let visible = try await lookUp.visible(to: bob, among: [ada], deadline: .after(ChatWorld.soon))
        #expect(visible.users == [ada] && visible.blocked == [.init(user: ada, since: since)])
        let (nothing, later) = try await change(since: next)
        #expect(nothing == nil)
        try await blocks.remove(bob, by: ada)
        let (ended, _) = try await change(since: later)
        #expect(ended != nil && ended?.since == nil)
        #expect(try await lookUp.members(of: [chat], deadline: .after(ChatWorld.soon)).map(\.blockedSince) == [nil])
    }
}
