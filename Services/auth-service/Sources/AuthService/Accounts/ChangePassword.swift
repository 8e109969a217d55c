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
    let confirm: ConfirmPassword
    let sessions: PostgresSessionStore
    let passwords: PasswordHasher

    /// - Throws: ``ParleyError``: `forbidden` for a wrong current password, `bad_request` for a new one against the
    ///   rules, `rate_limited` after too many wrong ones.
    func callAsFunction(
        _ request: ChangePasswordRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws {
        let account = try await confirm.account(of: token.user)
        let name = try Username(checking: account.user.username)
        let password = try NewPassword(checking: request.new, of: name)
        try await confirm(request.current, of: account, by: token, from: address)
        let hash = try await passwords.hash(password.bytes)
        guard
            try await sessions.changePassword(
                of: token.user, from: account.passwordHash, to: hash, keeping: token.session, from: address)
        else { throw ParleyError(.conflict, "the password was changed meanwhile") }
    }
}
