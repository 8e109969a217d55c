package import ChatProtocol
package import StrictJSON
import Tokens

/// A session as its owner sees it.
package struct SessionEntry: Sendable, Equatable {
    package let id: SessionID
    package let device: String
    package let address: String
    package let createdAt: Timestamp
    package let lastUsedAt: Timestamp
}

/// `GET /api/v1/auth/sessions`: where the user is signed in.
package struct ListSessions: Sendable {
    let sessions: PostgresSessionStore

    func callAsFunction(by token: AccessToken) async throws -> SessionList {
        SessionList(sessions: try await sessions.list(of: token.user), current: token.session)
    }
}

package struct SessionList: Sendable, JSONEncodable {
    private struct Entry: JSONEncodable {
        let session: SessionEntry
        let isCurrent: Bool

        func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("id", session.id)
                json.field("device", session.device)
                json.field("address", session.address)
                json.field("created_at", session.createdAt)
                json.field("last_used_at", session.lastUsedAt)
                json.field("current", isCurrent)
            }
        }
    }

    package let sessions: [SessionEntry]
    package let current: SessionID

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("sessions", sessions.map { Entry(session: $0, isCurrent: $0.id == current) })
        }
    }
}
