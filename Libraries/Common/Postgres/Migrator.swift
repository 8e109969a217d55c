package import Logging

/// One step of a schema's history: a SQL script that is applied once and never changed afterwards.
package struct Migration: Sendable {
    /// Sorts the steps: `V0001_accounts`.
    package let name: String
    package let sql: String

    package init(name: String, sql: [UInt8]) {
        self.name = name
        self.sql = String(decoding: sql, as: UTF8.self)
    }
}

/// Applies a service's migrations, forward only, under an advisory lock, each in a transaction of its own.
package enum Migrator {
    /// A migration that is applied has another text here: the tables are not what this version takes them for.
    package struct Changed: Error, Equatable, CustomStringConvertible {
        package let names: [String]

        package init(names: [String]) { self.names = names }

        package var description: String {
            "\(names.joined(separator: ", ")): applied with another text than this version has; a migration is never "
                + "changed, so one of the two is not Parley's"
        }
    }

    /// - Parameters:
    ///   - schema: made if it is missing; holds the table of what was applied.
    /// - Returns: the names that were applied now.
    /// - Throws: ``Changed`` before anything is applied, else ``PostgresError``.
    package static func migrate(
        _ configuration: PostgresConfiguration, schema: StaticString, migrations: [Migration], logger: Logger
    ) throws -> [String] {
        var patient = configuration
        patient.statementTimeout = .zero
        patient.lockTimeout = .seconds(30)
        let handle = try PostgresHandle(patient)
        // Any two services may migrate at once: CREATE SCHEMA IF NOT EXISTS itself can collide.
        try handle.run(script: "SELECT pg_advisory_lock(hashtext('parley migrations'))")
        try prepare(schema, on: handle)
        let applied = Set(try handle.column("SELECT name FROM \(schema).schema_migrations"))
        try compare(migrations.filter { applied.contains($0.name) }, with: schema, on: handle)
        let unknown = applied.subtracting(migrations.map(\.name)).sorted()
        if !unknown.isEmpty {
            logger.warning(
                "there are migrations that this version does not know: they are of a newer one",
                metadata: ["schema": "\(schema)", "unknown": "\(unknown.joined(separator: ", "))"])
        }
        var fresh: [String] = []
        for migration in migrations.sorted(by: { $0.name < $1.name }) where !applied.contains(migration.name) {
            precondition(migration.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            try handle.run(
                script: """
                    BEGIN; SET LOCAL search_path = \(schema), pg_catalog;
                    \(migration.sql)
                    ;INSERT INTO \(schema).schema_migrations (name, checksum)
                        VALUES ('\(migration.name)', \(checksum(migration))); COMMIT
                    """)
            logger.notice("migration applied", metadata: ["schema": "\(schema)", "name": "\(migration.name)"])
            fresh.append(migration.name)
        }
        return fresh
    }

    private static func prepare(_ schema: StaticString, on handle: PostgresHandle) throws(PostgresError) {
        try handle.run(
            script: """
                CREATE SCHEMA IF NOT EXISTS \(schema);
                CREATE TABLE IF NOT EXISTS \(schema).schema_migrations (
                    name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(), checksum text)
                """)
        // Tables of version 0.1.0 have no checksums. Asked first, because ALTER TABLE would wait for a backup's lock.
        let columns = try handle.column(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = '\(schema).schema_migrations'::regclass AND attname = 'checksum'
            """)
        guard columns.isEmpty else { return }
        try handle.run(script: "ALTER TABLE \(schema).schema_migrations ADD COLUMN checksum text")
    }

    /// Those without a checksum get it: their text is believed once.
    private static func compare(
        _ applied: [Migration], with schema: StaticString, on handle: PostgresHandle
    ) throws {
        var changed: [String] = []
        for migration in applied {
            changed += try handle.column(
                """
                UPDATE \(schema).schema_migrations SET checksum = \(checksum(migration))
                WHERE name = '\(migration.name)' AND checksum IS NULL;
                SELECT name FROM \(schema).schema_migrations
                WHERE name = '\(migration.name)' AND checksum <> \(checksum(migration))
                """)
        }
        guard changed.isEmpty else { throw Changed(names: changed.sorted()) }
    }

    /// SQL for the SHA-256 of the text, computed by PostgreSQL. The tag cannot be in the text: it is ours.
    private static func checksum(_ migration: Migration) -> String {
        "encode(sha256(convert_to($parley_migration$\(migration.sql)$parley_migration$, 'UTF8')), 'hex')"
    }
}
