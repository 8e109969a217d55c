import ChatProtocol
import Logging
package import StrictJSON
import Tokens
package import WebAuthn

/// `POST /api/v1/auth/factors/passkeys`
package struct EnrolPasskeyRequest: Sendable, JSONDecodable {
    package let challenge: String
    package let name: String
    package let credential: RegistrationResponse

    package init(json: JSONValue, field: String) throws(JSONError) {
        challenge = try json.value("challenge")
        name = try json.value("name")
        credential = try json.value("credential")
    }
}

/// Adds a passkey to an account: a challenge for who knows the password, then the key that signed it. From then on a
/// sign-in by password needs a second factor.
package struct EnrolPasskey: Sendable {
    let confirm: ConfirmPassword
    let passkeys: PostgresPasskeyStore
    let key: PasskeyChallengeKey
    let logger: Logger

    /// - Throws: ``ParleyError``: `forbidden` for a wrong password, `rate_limited`.
    func options(
        _ request: ConfirmedRequest, by token: AccessToken, at site: RelyingParty, from address: AddressPrefix
    ) async throws -> CreationOptions {
        let account = try await confirm.account(of: token.user)
        try await confirm(request.current, of: account, by: token, from: address)
        return CreationOptions(
            challenge: PasskeyChallenge(for: .enrolment(token.user), key: key), site: site, user: account.user,
            present: try await passkeys.list(of: token.user))
    }

    /// - Throws: ``ParleyError``: `forbidden` for a challenge that is over or a credential that does not hold, `conflict`
    ///   where the credential is in use or there are too many.
    func callAsFunction(
        _ request: EnrolPasskeyRequest, by token: AccessToken, at site: RelyingParty, from address: AddressPrefix
    ) async throws -> Passkey {
        let name = try Passkey.checkedName(request.name)
        guard let challenge = PasskeyChallenge(request.challenge, for: .enrolment(token.user), key: key) else {
            throw Self.refused
        }
        let made: RelyingParty.Registration
        do {
            made = try site.register(request.credential, challenge: challenge.bytes)
        } catch {
            logger.notice("a new passkey was not taken", metadata: ["reason": "\(error)"])
            throw Self.refused
        }
        guard try await passkeys.use(challenge) else { throw Self.refused }
        let entry = AuditEntry(.factorAdded, user: token.user, session: token.session, from: address, detail: "passkey")
        guard let passkey = try await passkeys.insert(made, name: name, of: token.user, entry) else {
            throw ParleyError(.conflict, "this passkey is in use, or there are \(Passkey.countMax) already")
        }
        return passkey
    }

    private static let refused = ParleyError(.forbidden, "this passkey was not made for this request; start again")
}

/// `POST /api/v1/auth/factors/passkeys/{id}/remove`. What is nobody's and what is somebody else's answer alike.
package struct RemovePasskey: Sendable {
    let confirm: ConfirmPassword
    let passkeys: PostgresPasskeyStore

    /// - Throws: ``ParleyError``: `forbidden` for a wrong password, `not_found`.
    func callAsFunction(
        _ passkey: Passkey.ID, _ request: ConfirmedRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws {
        try await confirm(request.current, of: confirm.account(of: token.user), by: token, from: address)
        let entry = AuditEntry(
            .factorRemoved, user: token.user, session: token.session, from: address, detail: "passkey")
        guard try await passkeys.remove(passkey, of: token.user, entry) else {
            throw ParleyError(.notFound, "no such passkey")
        }
    }
}
