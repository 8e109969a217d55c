import ChatProtocol
import Postgres

/// What a failed append means for its rows.
struct AppendFault: Equatable {
    /// What the senders are told.
    let code: ErrorCode
    /// Whether a part of the batch could do where the whole could not.
    let mayBeOneRow: Bool

    /// - SeeAlso: PostgreSQL documentation, appendix A, for the SQLSTATE classes.
    init(_ error: PostgresError) {
        switch error {
        case .server(let state, _, _) where state.hasPrefix("22") || state.hasPrefix("23"):
            (code, mayBeOneRow) = (.internal, true)
        case .server("55P03", _, _), .server("40P01", _, _), .server("57014", _, _):
            // Lock time-out, deadlock, statement time-out: others hold a chat of this batch.
            (code, mayBeOneRow) = (.unavailable, true)
        case .decoding:
            (code, mayBeOneRow) = (.internal, false)
        case .server, .notSent, .connectionLost:
            (code, mayBeOneRow) = (.unavailable, false)
        }
    }
}
