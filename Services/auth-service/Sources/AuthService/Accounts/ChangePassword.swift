import ChatProtocol
package import StrictJSON
import Tokens

/// `POST /api/v1/auth/password`
package struct ChangePasswordRequest: Sendable, JSONDecodable {
    package let current: String
    package let new: String

    package init(json: JSONValue, field: String) throws(JSONError) {
        current = try json.value("current_password")
        new = try json.value("new_password")
    }
}

/// Replaces a password and ends every other session of the user, because whoever has the old one may be in them
/// (OWASP Session Management Cheat Sheet, "Renew the session ID after any privilege level change").
package struct ChangePassword: Sendable {
    let accounts: PostgresAccountStore
    let sessions: PostgresSessionStore
    let passwords: PasswordHasher
    let throttle: SignInThrottle

    /// - Throws: ``ParleyError``: `forbidden` for a wrong current password, `bad_request` for a new one against the
    ///   rules, `rate_limited` after too many wrong ones.
    func callAsFunction(
        _ request: ChangePasswordRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws {
        guard let account = try await accounts.credentials(of: token.user), let name = Username(account.user.username)
        else { throw ParleyError(.unauthenticated, "this account is gone") }
        let password = try NewPassword(checking: request.new, of: name)
        // A stolen access token must not become a way to guess the password.
        let admission = try await throttle.admit(account.user.username, from: address)
        do {
            guard try await passwords.verify(Array(request.current.utf8), against: account.passwordHash) else {
                throw Self.wrong
            }
            let hash = try await passwords.hash(password.bytes)
            guard
                try await sessions.changePassword(
                    of: token.user, from: account.passwordHash, to: hash, keeping: token.session)
            else { throw ParleyError(.conflict, "the password was changed meanwhile") }
        } catch {
            if error as? ParleyError != Self.wrong { await throttle.refund(admission) }
            throw error
        }
        await throttle.clear(admission)
    }

    private static let wrong = ParleyError(.forbidden, "the current password is wrong")
}
