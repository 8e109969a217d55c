import ChatProtocol
import Tokens

/// Ends a session: the own one at logout, or another of the same user. What is nobody's and what is somebody else's
/// answer alike.
package struct EndSession: Sendable {
    let sessions: PostgresSessionStore

    /// Logout. Ended already is as good.
    func own(of token: AccessToken) async throws { _ = try await sessions.end(token.session, of: token.user) }

    /// - Throws: ``ParleyError`` `not_found`.
    func other(_ session: SessionID, of user: UserID) async throws {
        guard try await sessions.end(session, of: user) else { throw ParleyError(.notFound, "no such session") }
    }
}
