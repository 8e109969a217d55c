import ChatProtocol
import Postgres
import Support
import Testing

@testable import MessageService

@Suite("Making chats with strangers", .enabled(if: TestEnvironment.databaseURL != nil))
struct NewChatTests {
    private let world: ChatWorld
    private let ada = UserID.make()

    init() async throws { world = try await ChatWorld() }

    /// Whether `ada` may open a chat with `other`; else how long she has to wait.
    private func wait(with other: UserID, most: Int = 3, on chats: PostgresChats? = nil) async throws -> Duration? {
        do {
            _ = try await (chats ?? world.chats).open(
                ChatHash(directChatOf: ada, and: other), by: ada, with: other,
                newChatsPerHourMax: ada == other ? nil : most)
            return nil
        } catch let error as ParleyError {
            #expect(error.code == .rateLimited)
            return error.retryAfter
        }
    }

    @Test("is limited by the hour, leaves nothing behind beyond that, and says when it goes on")
    func limit() async throws {
        for _ in 0..<3 { #expect(try await wait(with: .make()) == nil) }
        let stranger = UserID.make()
        let pause = try #require(try await wait(with: stranger))
        #expect(pause > .seconds(3500) && pause <= .seconds(3600))
        #expect(try await world.chats.chat(ChatHash(directChatOf: ada, and: stranger), of: stranger) == nil)
        #expect(try await world.chats.list(of: ada, before: nil, limit: 10).count == 3)
        _ = try await world.query(
            """
            UPDATE chat.user_chats SET made_at = made_at - interval '50 minutes'
            WHERE made_at = (SELECT min(made_at) FROM chat.user_chats WHERE user_id = \(ada))
            """)
        let rest = try #require(try await wait(with: stranger))
        #expect(rest > .seconds(500) && rest <= .seconds(600))
        _ = try await world.query(
            "UPDATE chat.user_chats SET made_at = made_at - interval '11 minutes' WHERE user_id = \(ada)")
        #expect(try await wait(with: stranger) == nil)
    }

    @Test("costs nothing for a chat that exists, whoever made it, and for notes to self")
    func free() async throws {
        let (writer, reader) = (UserID.make(), UserID.make())
        let chat = try await world.open(writer, with: ada)
        try await world.send("hi", to: chat, from: writer)
        _ = try await world.open(reader, with: ada)
        let own = UserID.make()
        for _ in 0..<2 {
            for other in [writer, reader, ada] { #expect(try await wait(with: other, most: 1) == nil) }
        }
        #expect(try await wait(with: own, most: 1) == nil)
        for other in [own, writer, reader, ada] { #expect(try await wait(with: other, most: 1) == nil) }
        #expect(try await wait(with: .make(), most: 1) != nil)
    }

    @Test("keeps to the limit when many requests come at once through several instances")
    func together() async throws {
        let other = try await ChatWorld()
        let refused = try await withThrowingTaskGroup(of: Duration?.self) { group in
            for number in 0..<12 {
                group.addTask { try await wait(with: .make(), on: number % 2 == 0 ? world.chats : other.chats) }
            }
            return try await group.reduce(into: 0) { $0 += $1 == nil ? 0 : 1 }
        }
        #expect(refused == 9)
        #expect(try await world.chats.list(of: ada, before: nil, limit: 50).count == 3)
    }

    @Test("of two people with one another at once is one chat, counted for one of them")
    func bothAtOnce() async throws {
        let bob = UserID.make()
        let chat = ChatHash(directChatOf: ada, and: bob)
        async let first = world.chats.open(chat, by: ada, with: bob, newChatsPerHourMax: 1)
        async let second = world.chats.open(chat, by: bob, with: ada, newChatsPerHourMax: 1)
        let hashes = [try await first.hash, try await second.hash]
        #expect(hashes == [chat, chat])
        let made = try await world.query(
            "SELECT count(made_at) FROM chat.user_chats WHERE chat = \(chat)")
        #expect(try made[0].get(0, as: Int64.self) == 1)
    }
}
