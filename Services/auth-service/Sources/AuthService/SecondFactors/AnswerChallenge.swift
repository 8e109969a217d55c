import ChatProtocol
import Logging
import Observability
package import StrictJSON
package import WebAuthn

/// `POST /api/v1/auth/login/factor`
package struct AnswerChallengeRequest: Sendable, JSONDecodable {
    package enum Proof: Sendable {
        case code(String)
        case recoveryCode(String)
        case passkey(AssertionResponse)
    }

    package let challenge: String
    package let proof: Proof

    package init(json: JSONValue, field: String) throws(JSONError) {
        challenge = try json.value("challenge")
        let code = try json.optional("code", as: String.self)
        let recovery = try json.optional("recovery_code", as: String.self)
        let credential = try json.optional("credential", as: AssertionResponse.self)
        switch (code, recovery, credential) {
        case (let code?, nil, nil): proof = .code(code)
        case (nil, let recovery?, nil): proof = .recoveryCode(recovery)
        case (nil, nil, let credential?): proof = .passkey(credential)
        default: throw .mismatch("code", expected: #"there, or "recovery_code" or "credential", and only one of them"#)
        }
    }
}

/// Ends a sign-in whose password was right: opens the session for who also has the second factor. Throttled like a
/// password; besides, a challenge bears 5 tries and an authenticator app 10 at once and one in 30 s from all addresses
/// together, because six digits are guessed by many machines (RFC 6238, section 5.1; NIST SP 800-63B, section 5.2.2).
package struct AnswerChallenge: Sendable {
    let challenges: PostgresChallengeStore
    let factors: PostgresFactorStore
    let checkPasskey: CheckPasskey
    let sessions: PostgresSessionStore
    let throttle: SignInThrottle
    let devices: KnownDevices
    let tokens: IssueTokens
    let audit: AuditLog
    let logger: Logger
    private let outcomes = CounterFamily(
        "parley_factor_answers_total",
        "Second factors shown. refused: wrong, or for a challenge that is over; throttled: too many of those before.",
        label: "outcome", values: Outcome.allCases)

    private enum Outcome: CaseIterable {
        case success, refused, throttled, failed
    }

    /// - Parameter mark: what the device shows to be known.
    /// - Throws: ``ParleyError``: `unauthenticated` for a wrong factor and for a challenge that is over alike,
    ///   `rate_limited`, `unavailable`.
    func callAsFunction(
        _ request: AnswerChallengeRequest, at site: RelyingParty, from address: AddressPrefix, mark: String? = nil
    ) async throws -> SignedIn {
        let token = ChallengeToken(request.challenge)
        let admission: SignInThrottle.Admission
        do {
            let name = if let token { try await challenges.username(of: token) } else { String?.none }
            admission = try await throttle.admit(name ?? "", from: address, devices.origin(mark, of: name))
        } catch {
            outcomes.increment((error as? ParleyError)?.code == .rateLimited ? .throttled : .failed)
            throw error
        }
        do {
            guard let token, let signedIn = try await open(token, request.proof, site, address) else {
                throw Self.refused
            }
            outcomes.increment(.success)
            await throttle.clear(admission)
            return signedIn
        } catch {
            switch error as? ParleyError {
            case Self.refused: outcomes.increment(.refused)
            case let error:
                outcomes.increment(error?.code == .rateLimited ? .throttled : .failed)
                await throttle.refund(admission)
            }
            throw error
        }
    }

    private func open(
        _ token: ChallengeToken, _ proof: AnswerChallengeRequest.Proof, _ site: RelyingParty, _ address: AddressPrefix
    ) async throws -> SignedIn? {
        guard let pending = try await challenges.countTry(token) else { return nil }
        guard try await holds(proof, of: pending, token, site, address) else {
            await audit.write(
                AuditEntry(
                    .signInFailed, user: pending.user.id, from: address, device: pending.device,
                    detail: "wrong second factor"))
            return nil
        }
        guard try await challenges.finish(token) else { return nil }
        let opening = OpeningSession(user: pending.user.id, device: pending.device, address: address, tokens: tokens)
        guard try await sessions.open(opening, passwordHash: pending.passwordHash) else { return nil }
        return try await tokens(
            for: pending.user, session: opening.id, refresh: opening.refresh, asCookie: pending.wantsCookie)
    }

    private func holds(
        _ proof: AnswerChallengeRequest.Proof, of pending: PostgresChallengeStore.Pending, _ token: ChallengeToken,
        _ site: RelyingParty, _ address: AddressPrefix
    ) async throws -> Bool {
        let user = pending.user.id
        switch proof {
        case .recoveryCode(let text):
            guard let code = RecoveryCode(text) else { return false }
            return try await factors.use(
                code, of: user, AuditEntry(.recoveryCodeUsed, user: user, from: address, device: pending.device))
        case .passkey(let response):
            return try await checkPasskey(
                response, of: user, challenge: token.passkeyChallenge, at: site, userVerified: false) != nil
        case .code(let code):
            guard let app = try await factors.app(of: user, confirmed: true) else { return false }
            guard let secret = app.secret else {
                logger.warning("an authenticator's secret was sealed under another deployment secret")
                return false
            }
            let admission = try await throttle.admitCode(of: user)
            guard let step = TOTP.step(of: code, secret: secret, at: .now, after: app.lastStep),
                try await factors.accept(step, of: app, user: user)
            else { return false }
            await throttle.clear(admission)
            return true
        }
    }

    private static let refused = ParleyError(.unauthenticated, "this second factor is wrong, or its sign-in is over")
}
