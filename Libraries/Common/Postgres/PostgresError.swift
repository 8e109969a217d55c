/// What can go wrong between a service and PostgreSQL.
package enum PostgresError: Error, Sendable, CustomStringConvertible {
    /// It was not sent: no connection, the queue was full, or its deadline had passed. It did not happen.
    case notSent(String)
    /// It was sent and the connection was lost before an answer. *Outcome unknown.*
    case connectionLost(String)
    /// PostgreSQL refused it. It did not happen.
    case server(sqlState: String, message: String, constraint: String?)
    /// The answer was not of the type that was asked for: a fault of this program.
    case decoding(String)

    /// The SQLSTATE of a refusal (PostgreSQL documentation, appendix A).
    package var sqlState: String? {
        if case .server(let sqlState, _, _) = self { sqlState } else { nil }
    }

    /// Whether the same may go through a little later. PostgreSQL documentation, appendix A: 08 connection, 25006
    /// read-only, 40 rollback, 53 resources, 55P03 lock not available, 57 operator intervention (also a time-out).
    package var isTransient: Bool {
        switch self {
        case .notSent, .connectionLost: true
        case .server(let state, _, _):
            ["08", "40", "53", "57"].contains(state.prefix(2)) || ["25006", "55P03"].contains(state)
        case .decoding: false
        }
    }

    package var isUniqueViolation: Bool { sqlState == "23505" }

    package var description: String {
        switch self {
        case .notSent(let why): "not sent: \(why)"
        case .connectionLost(let why): "connection lost: \(why)"
        case .server(let sqlState, let message, _): "refused (\(sqlState)): \(message)"
        case .decoding(let why): "unexpected answer: \(why)"
        }
    }
}
