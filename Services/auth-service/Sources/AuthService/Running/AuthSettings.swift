import ServiceKit
import Tokens

/// The service's own settings.
struct AuthSettings: Sendable {
    static let accessTokenSeconds = Setting(
        "PARLEY_ACCESS_TOKEN_SECONDS", default: "900", "life of an access token, 5 to 900")
    static let sessionDays = Setting(
        "PARLEY_SESSION_DAYS", default: "30", "after how many days without use a session ends, 1 to 365")
    static let sessionsPerUser = Setting(
        "PARLEY_SESSIONS_PER_USER", default: "100", "sessions of one user; beyond it the longest unused one ends")
    static let passwordThreads = Setting(
        "PARLEY_PASSWORD_THREADS", default: "0",
        "threads that hash passwords, 17 ms and 19 MiB each; 0: one per processor, at most 8. "
            + "PARLEY_LIMITS=bench lowers the cost of a hash to 1 MiB and one pass: such passwords are not safe")
    static let registrations = Setting(
        "PARLEY_REGISTRATIONS_PER_MINUTE", default: "120", "accounts made from one address, five minutes' worth at once"
    )
    static let refreshes = Setting(
        "PARLEY_REFRESHES_PER_SECOND", default: "50", "session refreshes from one address, ten seconds' worth at once")
    static let searches = Setting(
        "PARLEY_SEARCHES_PER_SECOND", default: "5", "searches for users by one user, ten seconds' worth at once")
    static let keyDays = Setting(
        "PARLEY_KEY_DAYS", default: "30", "after how many days a signing key is followed by another, 1 to 3650")
    static let auditDays = Setting(
        "PARLEY_AUDIT_DAYS", default: "400", "for how many days entries of the audit log are kept, at least 30")

    static let all = [
        Setting.databaseURL, accessTokenSeconds, sessionDays, sessionsPerUser, passwordThreads,
        registrations, refreshes, searches, keyDays, auditDays,
        PasskeySite.allowedOrigins, PasskeySite.domain,
    ]

    let databaseURL: String
    let accessTokenLife: Duration
    let sessionLife: Duration
    let sessionsPerUser: Int
    let passwordThreads: Int
    let registrationsPerMinute: Int
    let refreshesPerSecond: Int
    let searchesPerSecond: Int
    let keyDays: Int
    let auditDays: Int
    let allowedOrigins: [String]
    let passkeyDomain: String

    init(_ configuration: Configuration) throws(ConfigurationError) {
        databaseURL = try configuration.text(.databaseURL)
        let lifeMax = Int(AccessToken.lifetimeMax.components.seconds)
        accessTokenLife = .seconds(try configuration.integer(Self.accessTokenSeconds, in: 5...lifeMax))
        sessionLife = .seconds(86_400 * (try configuration.integer(Self.sessionDays, in: 1...365)))
        sessionsPerUser = try configuration.integer(Self.sessionsPerUser, in: 1...10_000)
        passwordThreads = try configuration.integer(Self.passwordThreads, in: 0...64)
        registrationsPerMinute = try configuration.integer(Self.registrations, in: 1...1_000_000)
        refreshesPerSecond = try configuration.integer(Self.refreshes, in: 1...1_000_000)
        searchesPerSecond = try configuration.integer(Self.searches, in: 1...1_000_000)
        keyDays = try configuration.integer(Self.keyDays, in: 1...3650)
        allowedOrigins = try configuration.list(PasskeySite.allowedOrigins)
        passkeyDomain = try configuration.text(PasskeySite.domain)
        auditDays = try configuration.integer(Self.auditDays, in: 30...36_500)
    }
}
