import ChatProtocol
import ClientThread
import Postgres
import StrictJSON
import Support
import Synchronization
import Testing

@testable import MessageService

@Suite("An export", .enabled(if: TestEnvironment.databaseURL != nil))
struct ExportTests {
    private let world: ChatWorld
    private let ada = UserID.make()

    init() async throws { world = try await ChatWorld() }

    private var export: ExportChats {
        ExportChats(
            chats: world.chats, readHistory: ReadHistory(pool: world.pool), blocks: PostgresBlocks(pool: world.pool),
            leases: PostgresExportLeases(pool: world.pool)
        ) { users in
            Dictionary(
                users.map { ($0, UserName(id: $0, username: "name", displayName: "<b>Name</b>")) }
            ) { first, _ in first }
        }
    }

    /// The bytes of an export, and the size of the largest piece of it.
    private func exported() async throws -> (bytes: [UInt8], piece: Int) {
        let begun = try await export.begin(by: ada)
        let written = Mutex<(bytes: [UInt8], piece: Int)>(([], 0))
        try await export.write(begun) { piece in
            written.withLock {
                $0.bytes += piece
                $0.piece = max($0.piece, piece.count)
            }
        }
        return written.withLock { $0 }
    }

    private func occurrences(of text: String, in bytes: [UInt8]) -> Int {
        String(decoding: bytes, as: UTF8.self).split(separator: text, omittingEmptySubsequences: false).count - 1
    }

    @Test("holds every message of every chat twice, for programs and for people, and nothing of others' chats")
    func everything() async throws {
        let (bob, eve) = (UserID.make(), UserID.make())
        for other in [bob, ada] {
            let chat = try await world.open(ada, with: other)
            try await world.send("one <mark>", "two", to: chat, from: ada)
        }
        try await world.send("a secret of others", to: try await world.open(bob, with: eve), from: bob)
        let (bytes, _) = try await exported()
        #expect(occurrences(of: "\"body\":\"one <mark>\"", in: bytes) == 2)
        #expect(occurrences(of: ">one &lt;mark&gt;</p>", in: bytes) == 2)
        #expect(occurrences(of: "others", in: bytes) == 0)
        #expect(occurrences(of: "<b>Name", in: bytes) == occurrences(of: "\"display_name\":\"<b>Name", in: bytes))
    }

    @Test("holds nothing that was hidden or erased")
    func notVisible() async throws {
        let bob = UserID.make()
        let chat = try await world.open(ada, with: bob)
        try await world.send("to be erased", to: chat, from: bob)
        #expect(try await PostgresBlocks(pool: world.pool).add(bob, by: ada, blocksMax: 10))
        try await world.send("hidden one", to: chat, from: bob)
        _ = try await world.query("UPDATE chat.messages SET body = '' WHERE chat = \(chat) AND seq = 1")
        let (bytes, _) = try await exported()
        #expect(occurrences(of: "hidden one", in: bytes) == 0 && occurrences(of: "to be erased", in: bytes) == 0)
        #expect(occurrences(of: "\"hidden\":true", in: bytes) > 0 && occurrences(of: "\"erased\":true", in: bytes) > 0)
        #expect(occurrences(of: "\"blocked_at\"", in: bytes) == 1)
    }

    @Test("of a long chat is written in pieces of some size, and in several files")
    func long() async throws {
        let chat = try await world.open(ada, with: .make())
        let count = ExportRun.fileMessagesMax + 1
        _ = try await world.query(
            """
            WITH told AS (UPDATE chat.chats SET last_seq = \(count) WHERE hash = \(chat))
            INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
            SELECT \(chat), seq, \(ada), gen_random_uuid(), 'number ' || seq || '.', now(), 0
            FROM generate_series(1, \(count)) AS seq
            """)
        let (bytes, piece) = try await exported()
        #expect(occurrences(of: "number ", in: bytes) == Int(count) * 2 + 2, "last_message of both files besides")
        #expect(occurrences(of: "chats/\(chat)-2.html", in: bytes) == 3, "header, directory and link")
        #expect(piece < 128 << 10)
    }

    @Test(
        "is one at a time for a user, over all instances, and can be had again after it, also after one that was killed"
    )
    func one() async throws {
        let first = try await export.begin(by: ada)
        let refusal = await #expect(throws: ParleyError.self) { try await export.begin(by: ada) }
        #expect(refusal?.code == .rateLimited && refusal?.retryAfter != nil)
        _ = try await export.begin(by: .make())
        struct Gone: Error {}
        await #expect(throws: Gone.self) { try await export.write(first) { _ in throw Gone() } }
        let second = try await export.begin(by: ada)
        _ = try await world.query(
            "UPDATE chat.exports SET until = clock_timestamp() - interval '1 second' WHERE user_id = \(ada)")
        let third = try await export.begin(by: ada)
        try await export.write(second) { _ in }
        await #expect(throws: ParleyError.self) { try await export.begin(by: ada) }
        try await export.write(third) { _ in }
        _ = try await export.begin(by: ada)
    }
}
