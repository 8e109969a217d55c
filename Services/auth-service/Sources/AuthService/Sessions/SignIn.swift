import ChatProtocol
import Logging
import Observability
import ServiceKit
package import StrictJSON
import WebAuthn

/// `POST /api/v1/auth/login`
package struct SignInRequest: Sendable, JSONDecodable {
    package let username: String
    package let password: String
    package let device: String?
    package let wantsCookie: Bool

    package init(json: JSONValue, field: String) throws(JSONError) {
        username = try json.value("username")
        password = try json.value("password")
        device = try json.optional("device")
        wantsCookie = try json.optional("cookie") ?? false
    }
}

/// What a right password leads to.
package enum SignInOutcome: Sendable {
    case signedIn(SignedIn)
    case factorRequired(FactorChallenge)
}

/// Opens a session for who knows the password, or asks for the second factor where the user has one. An unknown user,
/// a name that cannot be one and a wrong password are one answer at one cost (OWASP Authentication Cheat Sheet,
/// "Authentication and Error Messages"); factors are looked at only after the password was right.
package struct SignIn: Sendable {
    let accounts: PostgresAccountStore
    let sessions: PostgresSessionStore
    let factors: PostgresFactorStore
    let passkeys: PostgresPasskeyStore
    let challenges: PostgresChallengeStore
    let passwords: PasswordHasher
    let throttle: SignInThrottle
    let devices: KnownDevices
    let tokens: IssueTokens
    let audit: AuditLog
    let logger: Logger
    /// Entries about throttled attempts, by address.
    private let throttledEntries = RateLimiter<String>(burst: 1, perSecond: 1 / 60.0, profile: .standard)
    private let outcomes = CounterFamily(
        "parley_sign_ins_total",
        "Sign-ins. challenged: a second factor is asked for; refused: wrong name or password; "
            + "throttled: too many of those before; failed: not decided.",
        label: "outcome", values: Outcome.allCases)

    private enum Outcome: CaseIterable {
        case success, challenged, refused, throttled, failed
    }

    /// A wrong name, or a wrong password of this user.
    private struct Refusal: Error {
        let user: UserID?
    }

    /// - Parameter mark: what the device shows to be known.
    /// - Throws: ``ParleyError``: `unauthenticated`, `rate_limited`, `bad_request`, `unavailable`.
    func callAsFunction(
        _ request: SignInRequest, at site: RelyingParty, from address: AddressPrefix, mark: String? = nil
    ) async throws -> SignInOutcome {
        let device = try DeviceName(checking: request.device)
        guard request.password.utf8.count <= NewPassword.presentedBytesMax else { throw Self.refused }
        let name = Username(request.username)
        let admission: SignInThrottle.Admission
        do {
            admission = try await throttle.admit(
                name?.description ?? "", from: address, devices.origin(mark, of: name?.description))
        } catch {
            let isThrottled = (error as? ParleyError)?.code == .rateLimited
            outcomes.increment(isThrottled ? .throttled : .failed)
            if isThrottled, throttledEntries.take(address.prefix) == nil {
                await audit.write(AuditEntry(.signInThrottled, from: address, device: device))
            }
            throw error
        }
        do {
            let outcome = try await open(request, name, device, site, address)
            switch outcome {
            case .signedIn:
                outcomes.increment(.success)
                await throttle.clear(admission)
            case .factorRequired:
                outcomes.increment(.challenged)
                // The wrong factors before it are not forgotten.
                await throttle.refund(admission)
            }
            return outcome
        } catch let refusal as Refusal {
            outcomes.increment(.refused)
            // Not the name where there is no such user: people type their password there.
            await audit.write(
                AuditEntry(
                    .signInFailed, user: refusal.user, from: address, device: device,
                    detail: refusal.user == nil ? "unknown name" : "wrong password"))
            throw Self.refused
        } catch {
            outcomes.increment(.failed)
            await throttle.refund(admission)
            throw error
        }
    }

    private func open(
        _ request: SignInRequest, _ name: Username?, _ device: DeviceName, _ site: RelyingParty,
        _ address: AddressPrefix
    ) async throws -> SignInOutcome {
        let password = Array(request.password.utf8)
        var known: UserID?
        // A second round only where the stored hash was replaced between its reading and the insertion.
        for _ in 0..<2 {
            var account: PostgresAccountStore.Credentials?
            if let name { account = try await accounts.credentials(named: name) }
            known = account?.user.id
            guard try await passwords.verify(password, against: account?.passwordHash), let account else { break }
            let methods = try await factors.methods(of: account.user.id)
            guard methods.isEmpty else {
                let hash = await rehash(account, password)
                let token = ChallengeToken()
                try await challenges.insert(
                    token,
                    .init(
                        user: account.user, passwordHash: hash, device: device, wantsCookie: request.wantsCookie))
                let own = try await passkeys.list(of: account.user.id)
                return .factorRequired(FactorChallenge(token: token, methods: methods, passkeys: own, site: site))
            }
            let opening = OpeningSession(user: account.user.id, device: device, address: address, tokens: tokens)
            guard try await sessions.open(opening, passwordHash: account.passwordHash) else { continue }
            _ = await rehash(account, password)
            return .signedIn(
                try await tokens(
                    for: account.user, session: opening.id, refresh: opening.refresh, asCookie: request.wantsCookie))
        }
        throw Refusal(user: known)
    }

    /// - Returns: the hash the account has now.
    private func rehash(_ account: PostgresAccountStore.Credentials, _ password: [UInt8]) async -> String {
        guard passwords.isOutdated(account.passwordHash) else { return account.passwordHash }
        do {
            let hash = try await passwords.hash(password)
            try await accounts.rehash(account.user.id, from: account.passwordHash, to: hash)
            return hash
        } catch {
            logger.warning("password not hashed again", metadata: ["reason": "\(error)"])
            return account.passwordHash
        }
    }

    private static let refused = ParleyError(.unauthenticated, "wrong username or password")
}
