import ClientThread
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Watches the database: whether it answers, and whether it keeps what it commits. A server that does not
/// (`fsync`, `full_page_writes` or `synchronous_commit` off) ends the service, because no acknowledgement given on it
/// would be true.
final class DurabilityGuard: Service {
    private let pool: PostgresPool
    private let logger: Logger
    private let state = Atomic<Bool>(false)

    init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Whether PostgreSQL answered last time and is durable.
    var isUp: Bool { state.load(ordering: .relaxed) }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await cancelWhenGracefulShutdown {
                    while !Task.isCancelled {
                        try await self.check()
                        // Cancelled means stopping: the loop's condition sees it.
                        try? await Task.sleep(for: .seconds(1))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func check() async throws {
        do {
            let rows = try await pool.query(
                """
                SELECT current_setting('fsync'), current_setting('full_page_writes'),
                    current_setting('synchronous_commit')
                """, deadline: .after(.seconds(1)))
            let settings = try (0..<3).map { column throws(PostgresError) in
                try rows.first?.get(column, as: String.self) ?? "off"
            }
            guard !settings.contains("off") else {
                throw ConfigurationError(
                    "PostgreSQL does not keep what it commits: fsync=\(settings[0]), "
                        + "full_page_writes=\(settings[1]), synchronous_commit=\(settings[2]); all must be on")
            }
            state.store(true, ordering: .relaxed)
        } catch let error as PostgresError {
            if state.exchange(false, ordering: .relaxed) {
                logger.warning("PostgreSQL does not answer", metadata: ["reason": "\(error)"])
            }
        }
    }
}
