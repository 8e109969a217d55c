import ClientThread
import Postgres
import Support
import Testing

/// One schema for all of them, so one after another.
@Suite("Migrations", .enabled(if: TestEnvironment.databaseURL != nil), .serialized)
struct MigratorTests {
    private let configuration: PostgresConfiguration
    private let first = Migration(name: "V0001_first", sql: Array("CREATE TABLE first (a int)".utf8))
    private let second = Migration(name: "V0002_second", sql: Array("ALTER TABLE first ADD COLUMN b int".utf8))

    init() async throws {
        configuration = PostgresConfiguration(url: try #require(TestEnvironment.databaseURL), applicationName: "test")
        try await run("DROP SCHEMA IF EXISTS migrator_test CASCADE")
    }

    @discardableResult
    private func run(_ statement: PostgresQuery) async throws -> PostgresRows {
        let connection = PostgresConnection(configuration, logger: TestEnvironment.logger)
        defer { connection.close() }
        return try await connection.query(statement, deadline: .after(.seconds(10)))
    }

    private func migrate(_ migrations: Migration...) throws -> [String] {
        try Migrator.migrate(
            configuration, schema: "migrator_test", migrations: migrations, logger: TestEnvironment.logger)
    }

    @Test("are applied once, in the order of their names")
    func once() throws {
        #expect(try migrate(second, first) == ["V0001_first", "V0002_second"])
        #expect(try migrate(first, second) == [])
    }

    @Test("of a newer version are left alone, and what is missing is applied beside them")
    func newer() async throws {
        let newer = Migration(name: "V0003_newer", sql: Array("CREATE TABLE newer (a int)".utf8))
        #expect(try migrate(first, newer) == ["V0001_first", "V0003_newer"])
        #expect(try migrate(first, second) == ["V0002_second"])
        #expect(try await run("SELECT name FROM migrator_test.schema_migrations").count == 3)
    }

    @Test("with another text than was applied are refused, and nothing is applied")
    func changed() async throws {
        _ = try migrate(first)
        let other = Migration(name: "V0001_first", sql: Array("CREATE TABLE first (a bigint)".utf8))
        #expect(throws: Migrator.Changed(names: ["V0001_first"])) { try migrate(other, second) }
        #expect(try await run("SELECT name FROM migrator_test.schema_migrations").count == 1)
    }

    @Test("that were applied before there were checksums get theirs, and are refused if changed from then on")
    func checksums() async throws {
        try await run("CREATE SCHEMA migrator_test")
        try await run("CREATE TABLE migrator_test.schema_migrations (name text PRIMARY KEY, applied_at timestamptz)")
        try await run("INSERT INTO migrator_test.schema_migrations VALUES ('V0001_first', now())")
        try await run("CREATE TABLE migrator_test.first (a int)")
        #expect(try migrate(first, second) == ["V0002_second"])
        let other = Migration(name: "V0001_first", sql: Array("CREATE TABLE first (a bigint)".utf8))
        #expect(throws: Migrator.Changed.self) { try migrate(other, second) }
    }

    @Test("that fail leave nothing of themselves")
    func failing() async throws {
        let failing = Migration(name: "V0002_failing", sql: Array("CREATE TABLE half (a int); SELECT 1/0".utf8))
        #expect(throws: PostgresError.self) { try migrate(first, failing) }
        #expect(try await run("SELECT name FROM migrator_test.schema_migrations").count == 1)
        #expect(try await run("SELECT 1 WHERE to_regclass('migrator_test.half') IS NOT NULL").isEmpty)
    }

    @Test("make a service wait until they are applied; those it does not know do not")
    func guarded() async throws {
        let pool = PostgresPool(configuration, shared: 1, leased: 0, logger: TestEnvironment.logger)
        defer { pool.close() }
        let tables = SchemaGuard(
            pool: pool, schema: "migrator_test", migrations: [first, second], logger: TestEnvironment.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tables.run() }
            _ = try migrate(first)
            try await Task.sleep(for: .milliseconds(1500))
            #expect(!tables.isComplete)
            let newer = Migration(name: "V0003_newer", sql: Array("SELECT 1".utf8))
            _ = try migrate(first, second, newer)
            #expect(await eventually { tables.isComplete })
            group.cancelAll()
        }
    }
}
