import ClientThread
import Foundation
import Redis
import Support
import Testing

@Suite("Redis", .enabled(if: TestEnvironment.redisURL != nil))
struct RedisTests {
    private let client: RedisClient
    private let key = "parley:test:\(UUID().uuidString)"
    private var deadline: Deadline { .after(.seconds(3)) }

    init() throws {
        let configuration = try #require(RedisConfiguration(url: TestEnvironment.redisURL ?? ""))
        client = RedisClient(configuration, logger: TestEnvironment.logger)
    }

    @Test("keeps what it is given, empty values and any text included")
    func values() async throws {
        for value in ["", "x", "é😀", "a b\r\nc"] {
            _ = try await client.send(["SET", key, value], deadline: deadline)
            #expect(try await client.send(["GET", key], deadline: deadline) == .string(value))
        }
        #expect(try await client.send(["GET", key + "x"], deadline: deadline) == .null)
        _ = try await client.send(["DEL", key], deadline: deadline)
    }

    @Test("answers concurrent tasks each with their own reply")
    func concurrent() async throws {
        let client = client
        let limit = deadline
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask { try await client.send(["ECHO", "\(number)"], deadline: limit) == .string("\(number)") }
            }
            for try await matched in group { #expect(matched) }
        }
    }

    @Test("says that a command was wrong, and goes on")
    func refusals() async throws {
        await #expect(throws: RedisError.self) { try await client.send(["NONSENSE"], deadline: deadline) }
        let replies = try await client.pipeline([["PING"], ["NONSENSE"], ["PING"]], deadline: deadline)
        #expect(replies[0] == .string("PONG") && replies[2] == .string("PONG"))
        if case .error = replies[1] { return }
        Issue.record("no error reply")
    }

    @Test("runs a script it does not know yet")
    func scripts() async throws {
        let script = RedisScript("return {KEYS[1], ARGV[1], \(Int.random(in: 1...1_000_000))}")
        let reply = try await client.run(script, keys: [key], arguments: ["a"], deadline: deadline)
        #expect(reply.array?.prefix(2) == [.string(key), .string("a")])
    }

    @Test("that is not there fails at once and does not hang")
    func absent() async throws {
        let configuration = try #require(RedisConfiguration(url: "redis://127.0.0.1:1"))
        let absent = RedisClient(configuration, logger: TestEnvironment.logger)
        let start = ContinuousClock.now
        await #expect(throws: RedisError.self) { try await absent.send(["PING"], deadline: .after(.seconds(10))) }
        #expect(start.duration(to: .now) < .seconds(3))
    }
}

@Suite("A Redis URL")
struct RedisConfigurationTests {
    @Test("names host, port, user, password and database")
    func parts() throws {
        let full = try #require(RedisConfiguration(url: "redis://user:pa:ss@host:7000/2"))
        #expect(full.host == "host" && full.port == 7000 && full.user == "user" && full.password == "pa:ss")
        #expect(full.database == 2)
        let bare = try #require(RedisConfiguration(url: "redis://host"))
        #expect(bare.port == 6379 && bare.password == nil && bare.database == nil)
        for bad in ["host", "http://host", "redis://", "redis://h:x", "redis://h:1/x", "redis://h:0"] {
            #expect(RedisConfiguration(url: bad) == nil)
        }
    }
}
