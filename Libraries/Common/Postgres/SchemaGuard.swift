import ClientThread
package import Logging
import ServiceLifecycle
import Synchronization

/// Asks PostgreSQL whether every migration this version knows was applied, until it was: before that the service is not
/// ready. Migrations it does not know are those of a newer version, and as schemas are expanded before they are
/// contracted, no hindrance.
package final class SchemaGuard: Service {
    private static let interval: Duration = .seconds(1)

    private let pool: PostgresPool
    private let schema: StaticString
    private let known: Set<String>
    private let logger: Logger
    private let complete = Atomic<Bool>(false)

    package init(pool: PostgresPool, schema: StaticString, migrations: [Migration], logger: Logger) {
        self.pool = pool
        self.schema = schema
        known = Set(migrations.map(\.name))
        self.logger = logger
    }

    /// Whether all migrations are applied.
    package var isComplete: Bool { complete.load(ordering: .relaxed) }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var reported: Set<String> = []
            while !Task.isCancelled, await !self.find(&reported) {
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: Self.interval)
            }
        }
        // Only a stop may end a service of the group.
        try await gracefulShutdown()
    }

    /// - Parameter reported: what was logged as missing, so that each is logged once.
    private func find(_ reported: inout Set<String>) async -> Bool {
        guard let applied = await applied() else { return false }
        let missing = known.subtracting(applied)
        guard missing.isEmpty else {
            if missing != reported {
                logger.error(
                    "the tables lack migrations: run `migrate` of this service",
                    metadata: ["schema": "\(schema)", "missing": "\(missing.sorted().joined(separator: ", "))"])
            }
            reported = missing
            return false
        }
        let unknown = applied.subtracting(known).sorted()
        if !unknown.isEmpty {
            logger.warning(
                "the tables have migrations that this version does not know: they are of a newer one",
                metadata: ["schema": "\(schema)", "unknown": "\(unknown.joined(separator: ", "))"])
        }
        complete.store(true, ordering: .relaxed)
        return true
    }

    /// The names of the applied migrations; nil where PostgreSQL does not answer.
    private func applied() async -> Set<String>? {
        do {
            let rows = try await pool.query(
                "SELECT name FROM \(raw: schema).schema_migrations", deadline: .after(.seconds(2)))
            return Set(try rows.map { row throws(PostgresError) in try row.get(0, as: String.self) })
        } catch  where ["42P01", "3F000"].contains(error.sqlState) {
            return []  // no such table, no such schema
        } catch {
            return nil  // the durability guard says so
        }
    }
}
