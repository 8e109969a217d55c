package import ChatProtocol
import Crypto
package import Logging
package import ServiceKit

/// How many failed sign-ins are borne: so many at once, then one in so long.
package struct SignInLimits: Sendable {
    package struct Bucket: Sendable {
        package let burst: Int
        package let interval: Duration

        package init(burst: Int, interval: Duration) {
            self.burst = burst
            self.interval = interval
        }
    }

    /// One account from one address.
    package var pair = Bucket(burst: 10, interval: .seconds(30))
    /// All accounts from one address; an office behind one address shares it.
    package var address = Bucket(burst: 100, interval: .seconds(6))
    /// One account from everywhere.
    package var account = Bucket(burst: 50, interval: .seconds(60))
    /// Codes of one user's authenticator app, from everywhere. Only who knows the password comes to empty it, and the
    /// owner has recovery codes beside it.
    package var code = Bucket(burst: 10, interval: .seconds(30))

    package init() {}
}

/// Slows down guessing by account, by address and by both (OWASP Authentication Cheat Sheet, "Login Throttling";
/// NIST SP 800-63B, section 5.2.2), without giving anybody the power to lock a user out.
///
/// Each attempt takes from its buckets and a successful one gives back. The account's own bucket refuses nothing: when
/// it is empty, the account is under attack from many addresses, and each pair of account and address has one attempt
/// at a time instead of ten. The owner's first attempt from any address is therefore always looked at, however
/// many addresses an attacker has; and from a device or a session that is known to be the account's, the owner's attempts
/// are counted apart from all others, also where an attacker shares the address.
package struct SignInThrottle: Sendable {
    /// What an attempt has taken.
    package enum Admission: Sendable {
        case free
        case taken(Keys)
        /// The store could not be asked: taken from the buckets of this process.
        case takenHere(Keys)
    }

    /// What a try of an authenticator's code has taken.
    package struct CodeAdmission: Sendable {
        let key: [UInt8]?
    }

    package struct Keys: Sendable {
        package let pair: [UInt8]
        /// Nil for an attempt from a known device or session, which takes from nothing but its own bucket.
        package let shared: Shared?

        package struct Shared: Sendable {
            package let address: [UInt8]
            package let account: [UInt8]
        }
    }

    /// From where an attempt comes, beside its address.
    package enum Origin: Sendable {
        case stranger
        /// A mark that ``KnownDevices`` has checked.
        case device(String)
        case session(SessionID)
    }

    private let store: PostgresThrottleStore
    private let isOn: Bool
    private let key: SymmetricKey
    private let logger: Logger
    private let pairsHere: RateLimiter<[UInt8]>
    private let addressesHere: RateLimiter<[UInt8]>

    /// - Parameter key: keeps what the table holds from being guessed back into names and addresses.
    package init(_ store: PostgresThrottleStore, key: [UInt8], profile: LimitsProfile, logger: Logger) {
        self.store = store
        self.key = SymmetricKey(data: key)
        self.logger = logger
        isOn = profile == .standard
        pairsHere = Self.limiter(store.limits.pair)
        addressesHere = Self.limiter(store.limits.address)
    }

    private static func limiter(_ bucket: SignInLimits.Bucket) -> RateLimiter<[UInt8]> {
        RateLimiter(
            burst: bucket.burst, perSecond: 1000 / Double(bucket.interval.milliseconds), profile: .standard)
    }

    /// Takes one attempt, for a name that exists as for one that does not.
    /// - Throws: ``ParleyError`` `rate_limited`.
    func admit(_ name: String, from address: AddressPrefix, _ origin: Origin = .stranger) async throws -> Admission {
        guard isOn else { return .free }
        let keys = keys(name, address, origin)
        let wait: Duration?
        var admission = Admission.taken(keys)
        do {
            wait = try await store.take(keys)
        } catch {
            logger.warning("throttling sign-ins by this process alone", metadata: ["reason": "\(error)"])
            wait = takeHere(keys)
            admission = .takenHere(keys)
        }
        if let wait {
            let pair = store.limits.pair
            throw RatePolicy(name: "sign-in", burst: pair.burst, perSecond: 1000 / Double(pair.interval.milliseconds))
                .refusal("too many failed sign-ins; try again later", retryAfter: wait)
        }
        return admission
    }

    /// Gives back an attempt that was not a guess.
    func refund(_ admission: Admission) async { await giveBack(admission, forgetPair: false) }

    /// Gives back an attempt that was right, and forgets the pair's failures before it.
    func clear(_ admission: Admission) async { await giveBack(admission, forgetPair: true) }

    /// Takes one try of an authenticator's code.
    /// - Throws: ``ParleyError`` `rate_limited`.
    func admitCode(of user: UserID) async throws -> CodeAdmission {
        guard isOn else { return CodeAdmission(key: nil) }
        let key = hash("code", user.description)
        if let wait = try await store.takeCode(key) {
            throw ParleyError(.rateLimited, "too many wrong codes; try again later", retryAfter: wait)
        }
        return CodeAdmission(key: key)
    }

    /// Forgets the wrong codes before a right one.
    func clear(_ admission: CodeAdmission) async {
        guard let key = admission.key else { return }
        await giveBack { try await store.forgetCodes(key) }
    }

    private func giveBack(_ admission: Admission, forgetPair: Bool) async {
        switch admission {
        case .free: break
        case .takenHere(let keys):
            pairsHere.giveBack(keys.pair)
            if let shared = keys.shared { addressesHere.giveBack(shared.address) }
        case .taken(let keys):
            await giveBack { try await store.giveBack(keys, forgetPair: forgetPair) }
        }
    }

    private func giveBack(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            // Costs the user one attempt, which comes back with time.
            logger.warning("attempt not given back", metadata: ["reason": "\(error)"])
        }
    }

    private func takeHere(_ keys: Keys) -> Duration? {
        if let wait = pairsHere.take(keys.pair) { return wait }
        return keys.shared.flatMap { addressesHere.take($0.address) }
    }

    private func keys(_ name: String, _ address: AddressPrefix, _ origin: Origin) -> Keys {
        switch origin {
        case .stranger:
            Keys(
                pair: hash("pair", name, address.prefix),
                shared: .init(address: hash("address", address.prefix), account: hash("account", name)))
        case .device(let mark): Keys(pair: hash("device", name, mark), shared: nil)
        case .session(let session): Keys(pair: hash("session", name, session.description), shared: nil)
        }
    }

    private func hash(_ parts: String...) -> [UInt8] {
        // No part holds a line break: names, addresses and marks were checked.
        Array(HMAC<SHA256>.authenticationCode(for: Array(parts.joined(separator: "\n").utf8), using: key))
    }
}
