package import ClientThread
import CoreMetrics
package import Logging
import Synchronization

/// A service's connections: a few shared ones for single statements, and some that are leased to one transaction at a
/// time.
package final class PostgresPool: Sendable {
    /// Transactions that may wait for a connection; more are refused at once.
    private static let waitersMax = 256

    private struct Leases {
        var idle: [PostgresConnection]
        var waiters: [CheckedContinuation<PostgresConnection, Never>] = []
    }

    private let shared: [PostgresConnection]
    private let all: [PostgresConnection]
    private let leases: Mutex<Leases>
    private let metrics: LeaseMetrics
    private let turn = Atomic<Int>(0)

    /// - Parameters:
    ///   - shared: connections for single statements, used in turn.
    ///   - leased: connections for transactions.
    package init(_ configuration: PostgresConfiguration, shared: Int = 2, leased: Int = 4, logger: Logger) {
        self.shared = (0..<max(1, shared)).map { _ in PostgresConnection(configuration, logger: logger) }
        let idle = (0..<leased).map { _ in PostgresConnection(configuration, logger: logger) }
        leases = Mutex(Leases(idle: idle))
        metrics = LeaseMetrics(pool: configuration.applicationName, leased: leased)
        all = self.shared + idle
    }

    package func close() {
        for connection in all { connection.close() }
    }

    /// Runs one statement in a transaction of its own.
    package func query(_ query: PostgresQuery, deadline: Deadline) async throws(PostgresError) -> PostgresRows {
        try await group([query], deadline: deadline)[0]
    }

    /// Runs the statements as one implicit transaction in one round trip.
    package func group(
        _ queries: [PostgresQuery], deadline: Deadline
    ) async throws(PostgresError) -> [PostgresRows] {
        let next = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return try await shared[Int(UInt(bitPattern: next) % UInt(shared.count))].group(queries, deadline: deadline)
    }

    /// Runs `body` in one transaction on a leased connection: committed when it returns, rolled back when it throws.
    package func transaction<Value: Sendable>(
        deadline: Deadline, _ body: (PostgresTransaction) async throws -> Value
    ) async throws -> Value {
        metrics.waiting.increment()
        let connection: PostgresConnection
        do {
            defer { metrics.waiting.decrement() }
            connection = try await lease()
        }
        metrics.inUse.increment()
        defer {
            metrics.inUse.decrement()
            giveBack(connection)
        }
        let opened = try await connection.send(["BEGIN"], session: nil, deadline: deadline)
        let transaction = PostgresTransaction(connection: connection, session: opened.session, deadline: deadline)
        do {
            let value = try await body(transaction)
            _ = try await transaction.query("COMMIT")
            return value
        } catch {
            // Where even the rollback fails the connection is gone, and PostgreSQL rolls back by itself.
            _ = try? await connection.send(
                ["ROLLBACK"], session: opened.session, deadline: .after(.seconds(5)))
            throw error
        }
    }

    private func lease() async throws(PostgresError) -> PostgresConnection {
        let full = leases.withLock { $0.idle.isEmpty && $0.waiters.count >= Self.waitersMax }
        guard !full else { throw .notSent("too many transactions are waiting") }
        return await withCheckedContinuation { continuation in
            let free = leases.withLock { leases -> PostgresConnection? in
                if leases.idle.isEmpty { leases.waiters.append(continuation) }
                return leases.idle.popLast()
            }
            if let free { continuation.resume(returning: free) }
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        let waiter = leases.withLock { leases -> CheckedContinuation<PostgresConnection, Never>? in
            if leases.waiters.isEmpty {
                leases.idle.append(connection)
                return nil
            }
            return leases.waiters.removeFirst()
        }
        waiter?.resume(returning: connection)
    }
}

/// An open transaction.
package struct PostgresTransaction: Sendable {
    let connection: PostgresConnection
    let session: Int
    let deadline: Deadline

    package func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresRows {
        try await connection.send([query], session: session, deadline: deadline).rows[0]
    }
}
