import ChatProtocol
import ClientThread
import Foundation
import Postgres
import Support
import Testing

@Suite("PostgreSQL", .enabled(if: TestEnvironment.databaseURL != nil))
struct PostgresTests {
    private let url = TestEnvironment.databaseURL ?? ""
    private var deadline: Deadline { .after(.seconds(5)) }

    private func connect(_ change: (inout PostgresConfiguration) -> Void = { _ in }) -> PostgresConnection {
        var configuration = PostgresConfiguration(url: url, applicationName: "parley tests")
        change(&configuration)
        return PostgresConnection(configuration, logger: TestEnvironment.logger)
    }

    @Test("gives every type back as it was bound, arrays and NULL included")
    func types() async throws {
        let connection = connect()
        defer { connection.close() }
        let id = UserID.make()
        let hash = ChatHash(directChatOf: id, and: .make())
        let time = Timestamp(milliseconds: 1_763_934_240_123)
        let text = "Größe 😀 ' ; -- \\"
        let row = try #require(
            try await connection.query(
                """
                SELECT \(Int64.min), \(text), \(true), \(id), \(hash), \(time), \(PostgresBytes([0, 255])),
                    \([id]), \([String]()), \([1, 2, 3] as [Int64]), \(nil as Int64?), \("")
                """, deadline: deadline
            ).first)
        #expect(try row.get(0, as: Int64.self) == .min)
        #expect(try row.get(1, as: String.self) == text)
        #expect(try row.get(2, as: Bool.self))
        #expect(try row.get(3, as: UserID.self) == id)
        #expect(try row.get(4, as: ChatHash.self) == hash)
        #expect(try row.get(5, as: Timestamp.self) == time)
        #expect(try row.get(6, as: PostgresBytes.self).bytes == [0, 255])
        #expect(try row.get(7, as: [UserID].self) == [id])
        #expect(try row.get(8, as: [String].self) == [])
        #expect(try row.get(9, as: [Int64].self) == [1, 2, 3])
        #expect(try row.getOptional(10, as: Int64.self) == nil)
        #expect(try row.get(11, as: String.self) == "")
    }

    @Test("takes text from outside as a value, never as SQL")
    func injection() async throws {
        let connection = connect()
        defer { connection.close() }
        let hostile = "'; DROP TABLE x; --"
        let rows = try await connection.query("SELECT length(\(hostile))::bigint", deadline: deadline)
        #expect(try rows[0].get(0, as: Int64.self) == Int64(hostile.utf8.count))
    }

    @Test("runs a group as one transaction: all of it or nothing")
    func groups() async throws {
        let connection = connect()
        defer { connection.close() }
        _ = try await connection.query("CREATE TEMP TABLE t (n bigint UNIQUE)", deadline: deadline)
        await #expect(throws: PostgresError.self) {
            try await connection.group(
                ["INSERT INTO t VALUES (\(1 as Int64))", "INSERT INTO t VALUES (\(1 as Int64))"], deadline: deadline)
        }
        let rows = try await connection.query("SELECT count(*) FROM t", deadline: deadline)
        #expect(try rows[0].get(0, as: Int64.self) == 0)
    }

    @Test("says so when it is the commit that fails, after every statement has gone through")
    func failedCommit() async throws {
        let connection = connect()
        defer { connection.close() }
        _ = try await connection.query(
            "CREATE TEMP TABLE t (n bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)", deadline: deadline)
        do {
            _ = try await connection.group(
                ["INSERT INTO t VALUES (\(1 as Int64))", "INSERT INTO t VALUES (\(1 as Int64))"], deadline: deadline)
            Issue.record("it was not committed")
        } catch {
            #expect(error.isUniqueViolation)
        }
        let rows = try await connection.query("SELECT count(*) FROM t", deadline: deadline)
        #expect(try rows[0].get(0, as: Int64.self) == 0)
    }

    @Test("keeps the errors of concurrent tasks apart on one connection")
    func pipelining() async throws {
        let connection = connect()
        defer { connection.close() }
        let limit = deadline
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 as Range<Int64> {
                group.addTask {
                    let divisor: Int64 = number % 3 == 0 ? 0 : 1
                    do {
                        let rows = try await connection.query("SELECT \(number) / \(divisor)", deadline: limit)
                        let value = try rows[0].get(0, as: Int64.self)
                        #expect(divisor == 1 && value == number)
                    } catch {
                        #expect(divisor == 0 && (error as? PostgresError)?.sqlState == "22012")
                    }
                }
            }
        }
    }

    @Test("ends a statement at its time limit and goes on")
    func statementTimeout() async throws {
        let connection = connect { $0.statementTimeout = .milliseconds(200) }
        defer { connection.close() }
        do {
            _ = try await connection.query("SELECT pg_sleep(5)", deadline: deadline)
            Issue.record("the statement was not ended")
        } catch {
            #expect(error.sqlState == "57014")
        }
        _ = try await connection.query("SELECT 1", deadline: deadline)
    }

    @Test("that terminates a connection is met again by itself, and the lost statement is said to be unknown")
    func reconnect() async throws {
        let connection = connect()
        let other = connect()
        defer {
            connection.close()
            other.close()
        }
        let own = try await connection.query("SELECT pg_backend_pid()::bigint", deadline: deadline)
        let pid = try own[0].get(0, as: Int64.self)
        let limit = deadline
        let lost = Task { try await connection.query("SELECT pg_sleep(10)", deadline: limit) }
        _ = try await eventually {
            try await other.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = \(pid) AND state = 'active'", deadline: limit
            ).count == 1
        }
        _ = try await other.query("SELECT pg_terminate_backend(\(pid)::int)", deadline: limit)
        await #expect(throws: PostgresError.self) { _ = try await lost.value }
        let isBack = await eventually {
            (try? await connection.query("SELECT 1", deadline: .after(.seconds(1)))) != nil
        }
        #expect(isBack)
    }

    @Test("that is not there fails at once and does not hang")
    func absent() async throws {
        let connection = connect { $0.url = "postgresql://127.0.0.1:1/none" }
        defer { connection.close() }
        let start = ContinuousClock.now
        do {
            _ = try await connection.query("SELECT 1", deadline: .after(.seconds(10)))
            Issue.record("there is no server")
        } catch {
            guard case .notSent = error else {
                Issue.record("\(error)")
                return
            }
        }
        #expect(start.duration(to: .now) < .seconds(5))
    }

    private struct Stop: Error {}

    @Test("rolls a transaction back when its body throws, and commits it when not")
    func transactions() async throws {
        let pool = PostgresPool(
            PostgresConfiguration(url: url, applicationName: "parley tests"), logger: TestEnvironment.logger)
        defer { pool.close() }
        let table = "t" + String(UInt32.random(in: 0 ... .max))
        // The table's name cannot be bound, so a fixed one holds a random key instead.
        _ = try await pool.query("CREATE TABLE IF NOT EXISTS parley_test_keys (key text)", deadline: deadline)
        await #expect(throws: Stop.self) {
            try await pool.transaction(deadline: .after(.seconds(5))) { transaction in
                _ = try await transaction.query("INSERT INTO parley_test_keys VALUES (\(table))")
                throw Stop()
            }
        }
        func count() async throws -> Int {
            try await pool.query("SELECT 1 FROM parley_test_keys WHERE key = \(table)", deadline: deadline).count
        }
        let before = try await count()
        #expect(before == 0)
        try await pool.transaction(deadline: deadline) { transaction in
            _ = try await transaction.query("INSERT INTO parley_test_keys VALUES (\(table))")
        }
        let after = try await count()
        #expect(after == 1)
    }
}
