import ChatProtocol
import Tokens

/// Ends sessions: the own one at logout, another of the same user, or all others. What is nobody's and what is somebody else's
/// answer alike.
package struct EndSession: Sendable {
    let sessions: PostgresSessionStore

    /// Logout. Ended already is as good.
    func own(of token: AccessToken, from address: AddressPrefix) async throws {
        let entry = AuditEntry(.sessionEnded, from: address, detail: "signed out")
        _ = try await sessions.end(token.session, of: token.user, entry)
    }

    /// - Throws: ``ParleyError`` `not_found`.
    func other(_ session: SessionID, by token: AccessToken, from address: AddressPrefix) async throws {
        let entry = AuditEntry(.sessionEnded, from: address, detail: "ended by session \(token.session)")
        guard try await sessions.end(session, of: token.user, entry) else {
            throw ParleyError(.notFound, "no such session")
        }
    }

    /// All of the user's but the one that asks.
    func others(by token: AccessToken, from address: AddressPrefix) async throws {
        let entry = AuditEntry(.sessionEnded, from: address, detail: "all others, by session \(token.session)")
        try await sessions.endOthers(of: token.user, than: token.session, entry)
    }
}
