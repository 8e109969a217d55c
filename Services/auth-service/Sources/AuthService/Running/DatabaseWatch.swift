import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Asks PostgreSQL each second, so that `/readyz` need not, whether it is there and whether it keeps what it commits.
/// One that does not (`fsync`, `full_page_writes` or `synchronous_commit` off) ends the service: no account made on it
/// would be sure to last.
final class DatabaseWatch: Service {
    private static let interval: Duration = .seconds(1)

    private let database: Database
    private let logger: Logger
    private let up = Atomic<Bool>(false)

    init(_ database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    var isUp: Bool { up.load(ordering: .relaxed) }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await self.ask()
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func ask() async throws {
        let off: [String]
        do {
            off = try await database.query(
                """
                SELECT name FROM pg_catalog.pg_settings
                WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
                """
            ).map { try $0.get(0) }
        } catch {
            if up.exchange(false, ordering: .relaxed) {
                logger.warning("PostgreSQL does not answer", metadata: ["reason": "\(error)"])
            }
            return
        }
        guard off.isEmpty else {
            throw ConfigurationError(
                "PostgreSQL may lose what it committed: \(off.joined(separator: ", ")) must be on")
        }
        up.store(true, ordering: .relaxed)
    }
}
