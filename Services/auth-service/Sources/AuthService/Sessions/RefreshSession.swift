package import ChatProtocol
import Observability
package import StrictJSON

/// `POST /api/v1/auth/refresh`
package struct RefreshRequest: Sendable, JSONDecodable {
    package let token: String?

    package init(json: JSONValue, field: String) throws(JSONError) { token = try json.optional("refresh_token") }
}

/// Changes a refresh token for its successor and a new access token (RFC 9700, section 4.14.2).
///
/// A token is good for one use. Presented again within 30 s, and before its successor was used, it gives *the same*
/// successor: two tabs that refresh at once, or one whose answer was lost, end up with one token that is good. Any
/// other old token means that two parties hold the session's tokens, and ends the session.
package struct RefreshSession: Sendable {
    package static let grace: Duration = .seconds(30)

    let sessions: PostgresSessionStore
    let tokens: IssueTokens
    private let outcomes = CounterFamily(
        "parley_refreshes_total",
        "Refreshes of sessions. repeated: a second tab or a lost answer; reused: an old token, which ends its session.",
        label: "outcome", values: Outcome.allCases)

    private enum Outcome: CaseIterable {
        case rotated, repeated, reused, refused
    }

    /// - Throws: ``ParleyError`` `unauthenticated` for every token that is not good, whatever the reason.
    func callAsFunction(_ text: String, asCookie: Bool, from address: AddressPrefix) async throws -> SignedIn {
        guard let presented = RefreshToken(text) else { throw Self.refused }
        let fresh = RefreshToken(for: presented.session, key: tokens.refreshKey)
        let rotated = try await sessions.rotate(
            presented, to: fresh, sealed: try presented.seal(fresh), life: tokens.sessionLife, from: address)
        if let user = rotated {
            outcomes.increment(.rotated)
            return try await tokens(for: user, session: presented.session, refresh: fresh, asCookie: asCookie)
        }
        if let (user, sealed) = try await sessions.successor(of: presented, within: Self.grace),
            let successor = presented.openSuccessor(sealed)
        {
            outcomes.increment(.repeated)
            return try await tokens(for: user, session: presented.session, refresh: successor, asCookie: asCookie)
        }
        if presented.isAuthentic(by: tokens.refreshKey),
            try await sessions.endReused(presented, grace: Self.grace, from: address)
        {
            outcomes.increment(.reused)
        } else {
            outcomes.increment(.refused)
        }
        throw Self.refused
    }

    package static let refused = ParleyError(.unauthenticated, "this session is over; sign in again")
}
