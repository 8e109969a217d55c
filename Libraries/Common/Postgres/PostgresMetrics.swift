import CoreMetrics
import Observability

/// How the connections of one kind do, and what becomes of their groups of statements. `pool` is the kind's application
/// name, as PostgreSQL's own views show it too.
struct PostgresMetrics: Sendable {
    private enum Failure: String, CaseIterable {
        /// PostgreSQL said no.
        case refused
        /// It did not happen: no connection, a full queue, or its deadline had passed.
        case notSent = "not_sent"
        /// Whether it happened is unknown.
        case lost
    }

    let connections: Meter
    let connectionFailures: Counter
    let connectionsLost: Counter
    let groupTime: CoreMetrics.Timer
    private let failures: CounterFamily<Failure>

    init(pool: String) {
        let labels = [("pool", pool)]
        connections = Meter("parley_postgres_connections", "Connections to PostgreSQL that stand.", labels)
        connectionFailures = Counter(
            "parley_postgres_connection_failures_total", "Attempts to connect to PostgreSQL that failed.", labels)
        connectionsLost = Counter(
            "parley_postgres_connections_lost_total", "Connections to PostgreSQL that broke.", labels)
        groupTime = CoreMetrics.Timer(
            "parley_postgres_group_seconds",
            "From asking for a group of statements (one transaction, one round trip) to its rows; waiting is in it.",
            labels)
        failures = CounterFamily(
            "parley_postgres_group_failures_total", "Groups of statements that gave no rows, by why.", label: "reason",
            values: Failure.allCases, labels, text: \.rawValue)
    }

    /// Counts a failure and tells the caller.
    func fail(_ request: PipelineRequest, _ error: PostgresError) {
        let failure: Failure =
            switch error {
            case .notSent: .notSent
            case .connectionLost: .lost
            case .server, .decoding: .refused
            }
        failures.increment(failure)
        request.continuation.resume(returning: .failure(error))
    }
}

/// How many transactions hold a connection of their own.
struct LeaseMetrics: Sendable {
    let inUse: Meter
    let waiting: Meter

    init(pool: String, leased: Int) {
        let labels = [("pool", pool)]
        inUse = Meter("parley_postgres_leases", "Connections that a transaction holds just now.", labels)
        waiting = Meter("parley_postgres_lease_waiters", "Transactions that wait for a connection.", labels)
        Meter("parley_postgres_leases_max", "Connections that transactions may hold at a time.", labels).set(leased)
    }
}
