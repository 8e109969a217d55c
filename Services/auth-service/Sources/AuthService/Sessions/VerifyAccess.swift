import ChatProtocol
import Tokens

/// Whether an access token opens anything here: signature and claims by the keys, and the session by the table, so
/// that in this service an ended session is refused at once.
package struct VerifyAccess: Sendable {
    let keys: KeyRing
    let sessions: PostgresSessionStore

    func callAsFunction(_ token: String) async throws -> AccessToken {
        let access = try await keys.verify(token)
        guard try await sessions.isLive(access.session, of: access.user) else {
            throw ParleyError(.unauthenticated, "this session was ended")
        }
        return access
    }
}
