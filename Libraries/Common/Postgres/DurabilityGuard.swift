import ClientThread
package import Logging
import ServiceLifecycle
import Synchronization

/// Asks PostgreSQL each second, so that `/readyz` need not, whether it is there and whether it keeps what it commits.
/// One that does not (`fsync`, `full_page_writes` or `synchronous_commit` off) ends the service: nothing acknowledged on
/// it would be sure to last.
package final class DurabilityGuard: Service {
    private static let interval: Duration = .seconds(1)

    package struct NotDurable: Error, CustomStringConvertible {
        let settings: [String]

        package var description: String {
            "PostgreSQL may lose what it committed: \(settings.joined(separator: ", ")) must be on"
        }
    }

    private let pool: PostgresPool
    private let logger: Logger
    private let up = Atomic<Bool>(false)

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Whether PostgreSQL answered last time, and is durable.
    package var isUp: Bool { up.load(ordering: .relaxed) }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await self.ask()
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func ask() async throws(NotDurable) {
        let off: [String]
        do {
            off = try await pool.query(
                """
                SELECT name FROM pg_catalog.pg_settings
                WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
                """, deadline: .after(.seconds(2))
            ).map { try $0.get(0) }
        } catch {
            if up.exchange(false, ordering: .relaxed) {
                logger.warning("PostgreSQL does not answer", metadata: ["reason": "\(error)"])
            }
            return
        }
        guard off.isEmpty else { throw NotDurable(settings: off) }
        up.store(true, ordering: .relaxed)
    }
}
