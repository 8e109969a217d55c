import ChatProtocol
import Logging
import Observability
import ServiceKit
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
    let tokens: IssueTokens
    let audit: AuditLog
    let key: PasskeyChallengeKey
    /// By address. Not a ``SignInThrottle``: nobody guesses signatures, and one who shares an address must not keep others
    /// out.
    let attempts: RateLimiter<String>
    /// By user: a session costs rows for a week, and nothing here is as dear as a password's hash.
    let openings: RateLimiter<UserID>
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
        do {
            if let wait = attempts.take(address.prefix) { throw Self.tooMany(wait) }
            guard let signedIn = try await open(request, device, site, address) else {
                await audit.write(AuditEntry(.signInFailed, from: address, device: device, detail: "wrong passkey"))
                throw Self.refused
            }
            outcomes.increment(.success)
            return signedIn
        } catch {
            switch error as? ParleyError {
            case Self.refused: outcomes.increment(.refused)
            case let error: outcomes.increment(error?.code == .rateLimited ? .throttled : .failed)
            }
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
        if let wait = openings.take(user) { throw Self.tooMany(wait) }
        let opening = OpeningSession(user: user, device: device, address: address, tokens: tokens)
        guard try await sessions.open(opening, passwordHash: account.passwordHash) else { return nil }
        return try await tokens(
            for: account.user, session: opening.id, refresh: opening.refresh, asCookie: request.wantsCookie)
    }

    private static let refused = ParleyError(.unauthenticated, "this passkey opens nothing here")

    private static func tooMany(_ wait: Duration) -> ParleyError {
        ParleyError(.rateLimited, "too many sign-ins by passkey; try again later", retryAfter: wait)
    }
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
