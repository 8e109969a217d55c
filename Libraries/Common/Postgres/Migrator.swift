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
    /// - Parameters:
    ///   - schema: made if it is missing; holds the table of what was applied.
    /// - Returns: the names that were applied now.
    package static func migrate(
        _ configuration: PostgresConfiguration, schema: StaticString, migrations: [Migration], logger: Logger
    ) throws(PostgresError) -> [String] {
        var patient = configuration
        patient.statementTimeout = .zero
        patient.lockTimeout = .seconds(30)
        let handle = try PostgresHandle(patient)
        // Any two services may migrate at once: CREATE SCHEMA IF NOT EXISTS itself can collide.
        try handle.run(script: "SELECT pg_advisory_lock(hashtext('parley migrations'))")
        try handle.run(
            script: """
                CREATE SCHEMA IF NOT EXISTS \(schema);
                CREATE TABLE IF NOT EXISTS \(schema).schema_migrations (
                    name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
                """)
        let applied = Set(try handle.column("SELECT name FROM \(schema).schema_migrations"))
        var fresh: [String] = []
        for migration in migrations.sorted(by: { $0.name < $1.name }) where !applied.contains(migration.name) {
            precondition(migration.name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            try handle.run(
                script: """
                    BEGIN; SET LOCAL search_path = \(schema), pg_catalog;
                    \(migration.sql)
                    ;INSERT INTO \(schema).schema_migrations (name) VALUES ('\(migration.name)'); COMMIT
                    """)
            logger.notice("migration applied", metadata: ["schema": "\(schema)", "name": "\(migration.name)"])
            fresh.append(migration.name)
        }
        return fresh
    }
}
