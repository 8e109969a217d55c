import ChatProtocol
import ClientThread
import Postgres
import Support
import Testing

@testable import MessageService

/// The tables of message-service on a real PostgreSQL, and what tests do with them again and again.
struct ChatWorld {
    static let soon: Duration = .seconds(5)

    let pool: PostgresPool
    let chats: PostgresChats
    private let appends: PostgresConnection

    init() async throws {
        let configuration = PostgresConfiguration(
            url: try #require(TestEnvironment.databaseURL), applicationName: "parley tests")
        _ = try Migrator.migrate(
            configuration, schema: "chat", migrations: MessageService.migrations, logger: TestEnvironment.logger)
        pool = PostgresPool(configuration, shared: 4, leased: 2, logger: TestEnvironment.logger)
        chats = PostgresChats(pool: pool)
        appends = PostgresConnection(configuration, logger: TestEnvironment.logger)
    }

    func open(_ one: UserID, with other: UserID) async throws -> ChatHash {
        try await chats.open(ChatHash(directChatOf: one, and: other), by: one, with: other).hash
    }

    @discardableResult
    func send(_ bodies: String..., to chat: ChatHash, from: UserID) async throws -> [AppendOutcome] {
        let entries = try bodies.map {
            AppendRequest.Entry(chat: chat, from: from, id: .make(), body: try MessageBody(Array($0.utf8)))
        }
        return try await append(entries)
    }

    func append(_ entries: [AppendRequest.Entry]) async throws -> [AppendOutcome] {
        try await PostgresMessageLog.append(entries, on: appends, deadline: .after(Self.soon))
    }

    func query(_ query: PostgresQuery) async throws -> PostgresRows {
        try await pool.query(query, deadline: .after(Self.soon))
    }
}
