import ChatProtocol
import Logging
import Observability
package import StrictJSON

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

/// Opens a session for who knows the password. An unknown user, a name that cannot be one and a wrong password are
/// one answer at one cost (OWASP Authentication Cheat Sheet, "Authentication and Error Messages").
package struct SignIn: Sendable {
    let accounts: PostgresAccountStore
    let sessions: PostgresSessionStore
    let passwords: PasswordHasher
    let throttle: SignInThrottle
    let tokens: IssueTokens
    let logger: Logger
    private let outcomes = CounterFamily(
        "parley_sign_ins_total",
        "Sign-ins. refused: wrong name or password; throttled: too many of those before; failed: not decided.",
        label: "outcome", values: Outcome.allCases)

    private enum Outcome: CaseIterable {
        case success, refused, throttled, failed
    }

    init(
        accounts: PostgresAccountStore, sessions: PostgresSessionStore, passwords: PasswordHasher,
        throttle: SignInThrottle, tokens: IssueTokens, logger: Logger
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.passwords = passwords
        self.throttle = throttle
        self.tokens = tokens
        self.logger = logger
    }

    /// - Throws: ``ParleyError``: `unauthenticated`, `rate_limited`, `bad_request`, `unavailable`.
    func callAsFunction(_ request: SignInRequest, from address: AddressPrefix) async throws -> SignedIn {
        let device = try DeviceName(checking: request.device)
        guard request.password.utf8.count <= NewPassword.presentedBytesMax else { throw Self.refused }
        let name = Username(request.username)
        let admission: SignInThrottle.Admission
        do {
            admission = try await throttle.admit(name?.description ?? "", from: address)
        } catch {
            outcomes.increment((error as? ParleyError)?.code == .rateLimited ? .throttled : .failed)
            throw error
        }
        do {
            let signedIn = try await open(request, name, device, address)
            outcomes.increment(.success)
            await throttle.clear(admission)
            return signedIn
        } catch {
            if error as? ParleyError == Self.refused {
                outcomes.increment(.refused)
            } else {
                outcomes.increment(.failed)
                await throttle.refund(admission)
            }
            throw error
        }
    }

    private func open(
        _ request: SignInRequest, _ name: Username?, _ device: DeviceName, _ address: AddressPrefix
    ) async throws -> SignedIn {
        let password = Array(request.password.utf8)
        // A second round only where the stored hash was replaced between its reading and the insertion.
        for _ in 0..<2 {
            var account: PostgresAccountStore.Credentials?
            if let name { account = try await accounts.credentials(named: name) }
            guard try await passwords.verify(password, against: account?.passwordHash), let account else { break }
            let opening = OpeningSession(user: account.user.id, device: device, address: address, tokens: tokens)
            guard try await sessions.open(opening, passwordHash: account.passwordHash) else { continue }
            await rehash(account, password)
            return try await tokens(
                for: account.user, session: opening.id, refresh: opening.refresh, asCookie: request.wantsCookie)
        }
        throw Self.refused
    }

    private func rehash(_ account: PostgresAccountStore.Credentials, _ password: [UInt8]) async {
        guard passwords.isOutdated(account.passwordHash) else { return }
        do {
            let hash = try await passwords.hash(password)
            try await accounts.rehash(account.user.id, from: account.passwordHash, to: hash)
        } catch {
            logger.warning("password not hashed again", metadata: ["reason": "\(error)"])
        }
    }

    private static let refused = ParleyError(.unauthenticated, "wrong username or password")
}
