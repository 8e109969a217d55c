import ChatProtocol
import ServiceKit
package import StrictJSON

/// `POST /api/v1/auth/register`
package struct RegisterRequest: Sendable, JSONDecodable {
    package let username: String
    package let password: String
    package let displayName: String?
    package let device: String?
    package let wantsCookie: Bool

    package init(json: JSONValue, field: String) throws(JSONError) {
        username = try json.value("username")
        password = try json.value("password")
        displayName = try json.optional("display_name")
        device = try json.optional("device")
        wantsCookie = try json.optional("cookie") ?? false
    }
}

/// Makes an account and signs its owner in.
package struct RegisterUser: Sendable {
    let accounts: PostgresAccountStore
    let sessions: PostgresSessionStore
    let passwords: PasswordHasher
    let tokens: IssueTokens
    /// Registrations by address prefix.
    let limiter: RateLimiter<String>

    /// - Throws: ``ParleyError``: `bad_request`, `conflict` for a taken name, `rate_limited`, `unavailable`.
    func callAsFunction(_ request: RegisterRequest, from address: AddressPrefix) async throws -> SignedIn {
        let username = try Username(checking: request.username)
        let name = try request.displayName.map { text throws(ParleyError) in try DisplayName(checking: text) }
        let password = try NewPassword(checking: request.password, of: username)
        let device = try DeviceName(checking: request.device)
        if let wait = limiter.take(address.prefix) {
            throw ParleyError(.rateLimited, "too many registrations from this address", retryAfter: wait)
        }
        // Cheaper than a hash, and tells nothing that the unique index would not.
        guard try await !accounts.exists(username) else { throw Self.taken }

        let user = User(
            id: .make(), username: username.description,
            displayName: (name ?? DisplayName(username)).description)
        let hash = try await passwords.hash(password.bytes)
        let opening = OpeningSession(user: user.id, device: device, address: address, tokens: tokens)
        guard try await sessions.insert(user, passwordHash: hash, opening) else { throw Self.taken }
        return try await tokens(for: user, session: opening.id, refresh: opening.refresh, asCookie: request.wantsCookie)
    }

    private static let taken = ParleyError(.conflict, "this username is taken")
}
