import ChatProtocol
import Logging
import Observability
package import StrictJSON
package import WebAuthn

/// `POST /api/v1/auth/passkeys/login`
package struct PasskeySignInRequest: Sendable, JSONDecodable {
    package let challenge: String
    package let credential: AssertionResponse
    package let device: String?
    package let wantsCookie: Bool

    package init(json: JSONValue, field: String) throws(JSONError) {
        challenge = try json.value("challenge")
        credential = try json.value("credential")
        device = try json.optional("device")
        wantsCookie = try json.optional("cookie") ?? false
    }
}

/// Opens a session for who holds a passkey, without name or password: the authenticator has asked for a PIN or a
/// fingerprint, so it is both factors (NIST SP 800-63B, section 5.1.9).
package struct SignInWithPasskey: Sendable {
    let check: CheckPasskey
    let passkeys: PostgresPasskeyStore
    let accounts: PostgresAccountStore
    let sessions: PostgresSessionStore
    let throttle: SignInThrottle
    let tokens: IssueTokens
    let audit: AuditLog
    let key: PasskeyChallengeKey
    private let outcomes = CounterFamily(
        "parley_passkey_sign_ins_total",
        "Sign-ins by a passkey alone. refused: it opens nothing here; throttled: too many of those before; "
            + "failed: not decided.",
        label: "outcome", values: Outcome.allCases)

    private enum Outcome: CaseIterable {
        case success, refused, throttled, failed
    }

    func options(at site: RelyingParty) -> SignInOptions {
        let challenge = PasskeyChallenge(for: .signIn, key: key)
        return SignInOptions(
            challenge: challenge,
            options: RequestOptions(challenge: challenge.bytes, site: site, allowed: [], userVerified: true))
    }

    /// - Throws: ``ParleyError``: `unauthenticated` whatever was wrong, `bad_request`, `rate_limited`, `unavailable`.
    func callAsFunction(
        _ request: PasskeySignInRequest, at site: RelyingParty, from address: AddressPrefix
    ) async throws -> SignedIn {
        let device = try DeviceName(checking: request.device)
        let admission: SignInThrottle.Admission
        do {
            admission = try await throttle.admit("", from: address)
        } catch {
            outcomes.increment((error as? ParleyError)?.code == .rateLimited ? .throttled : .failed)
            throw error
        }
        do {
            guard let signedIn = try await open(request, device, site, address) else {
                await audit.write(AuditEntry(.signInFailed, from: address, device: device, detail: "wrong passkey"))
                throw Self.refused
            }
            outcomes.increment(.success)
            await throttle.clear(admission)
            return signedIn
        } catch let error as ParleyError where error == Self.refused {
            outcomes.increment(.refused)
            throw error
        } catch {
            outcomes.increment(.failed)
            await throttle.refund(admission)
            throw error
        }
    }

    private func open(
        _ request: PasskeySignInRequest, _ device: DeviceName, _ site: RelyingParty, _ address: AddressPrefix
    ) async throws -> SignedIn? {
        guard let challenge = PasskeyChallenge(request.challenge, for: .signIn, key: key),
            let user = try await check(
                request.credential, of: nil, challenge: challenge.bytes, at: site, userVerified: true),
            try await passkeys.use(challenge), let account = try await accounts.credentials(of: user)
        else { return nil }
        let opening = OpeningSession(user: user, device: device, address: address, tokens: tokens)
        guard try await sessions.open(opening, passwordHash: account.passwordHash) else { return nil }
        return try await tokens(
            for: account.user, session: opening.id, refresh: opening.refresh, asCookie: request.wantsCookie)
    }

    private static let refused = ParleyError(.unauthenticated, "this passkey opens nothing here")
}

/// Whether what a browser brings proves a passkey that is known here.
package struct CheckPasskey: Sendable {
    let passkeys: PostgresPasskeyStore
    let logger: Logger

    /// - Parameters:
    ///   - user: whose it must be; nil for anybody's.
    ///   - userVerified: whether the authenticator must have asked who is there.
    /// - Returns: whose it is; nil where it does not hold.
    func callAsFunction(
        _ response: AssertionResponse, of user: UserID?, challenge: [UInt8], at site: RelyingParty, userVerified: Bool
    ) async throws -> UserID? {
        guard let passkey = try await passkeys.find(response.id), user == nil || user == passkey.user,
            response.userHandle == nil || response.userHandle == passkey.user.bytes
        else { return nil }
        let count: UInt32
        do {
            count = try site.verify(
                response, challenge: challenge, key: passkey.publicKey, userVerified: userVerified)
        } catch {
            logger.notice("a passkey was refused", metadata: ["reason": "\(error)", "passkey": "\(passkey.id)"])
            return nil
        }
        guard RelyingParty.isPlausible(signCount: count, after: passkey.signCount),
            try await passkeys.use(passkey, signCount: count)
        else {
            logger.warning(
                "a passkey's count of signatures did not rise: there may be a copy of it",
                metadata: ["passkey": "\(passkey.id)"])
            return nil
        }
        return passkey.user
    }
}
