import ChatProtocol
import ClientThread
package import Logging
package import Postgres

/// PostgreSQL as this service uses it: every statement has a deadline, and what is not PostgreSQL's refusal of the
/// statement itself is `unavailable` to the client.
package struct Database: Sendable {
    private static let deadline: Duration = .seconds(4)

    package let pool: PostgresPool

    package init(url: String, logger: Logger) {
        let configuration = PostgresConfiguration(
            url: url, applicationName: "auth-service", statementTimeout: .seconds(3), lockTimeout: .seconds(2))
        pool = PostgresPool(configuration, shared: 2, leased: 1, logger: logger)
    }

    package func query(_ query: PostgresQuery) async throws -> PostgresRows {
        do {
            return try await pool.query(query, deadline: .after(Self.deadline))
        } catch {
            throw Self.translate(error)
        }
    }

    /// The statements in one transaction and one round trip.
    package func group(_ queries: [PostgresQuery]) async throws -> [PostgresRows] {
        do {
            return try await pool.group(queries, deadline: .after(Self.deadline))
        } catch {
            throw Self.translate(error)
        }
    }

    package func transaction<Value: Sendable>(
        _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.transaction(deadline: .after(Self.deadline), body)
        } catch let error as PostgresError {
            throw Self.translate(error)
        }
    }

    private static func translate(_ error: PostgresError) -> any Error {
        error.isTransient ? ParleyError.unavailable("the accounts cannot be reached just now") : error
    }
}
