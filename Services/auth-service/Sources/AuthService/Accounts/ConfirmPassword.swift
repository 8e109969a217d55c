import ChatProtocol
import Tokens

/// Asks for the password once more, before what a stolen access token must not be enough for (OWASP Authentication
/// Cheat Sheet, "Require Re-authentication for Sensitive Features"). Throttled like a sign-in, so that such a token
/// is no way to guess the password either; by the session, so that strangers' guesses do not count here.
package struct ConfirmPassword: Sendable {
    let accounts: PostgresAccountStore
    let passwords: PasswordHasher
    let throttle: SignInThrottle
    let audit: AuditLog

    /// - Throws: ``ParleyError`` `unauthenticated` where there is no such account any more.
    func account(of user: UserID) async throws -> PostgresAccountStore.Credentials {
        guard let account = try await accounts.credentials(of: user) else {
            throw ParleyError(.unauthenticated, "this account is gone")
        }
        return account
    }

    /// - Throws: ``ParleyError``: `forbidden` for a wrong password, `rate_limited` after too many of them.
    func callAsFunction(
        _ password: String, of account: PostgresAccountStore.Credentials, by token: AccessToken,
        from address: AddressPrefix
    ) async throws {
        guard password.utf8.count <= NewPassword.presentedBytesMax else { throw Self.wrong }
        let admission = try await throttle.admit(account.user.username, from: address, .session(token.session))
        let isRight: Bool
        do {
            isRight = try await passwords.verify(Array(password.utf8), against: account.passwordHash)
        } catch {
            await throttle.refund(admission)
            throw error
        }
        guard isRight else {
            await audit.write(
                AuditEntry(.passwordCheckFailed, user: token.user, session: token.session, from: address))
            throw Self.wrong
        }
        await throttle.clear(admission)
    }

    private static let wrong = ParleyError(.forbidden, "the current password is wrong")
}
