import ChatProtocol
import Logging
import ServiceKit
import Tokens

/// All that can be asked of this service, put together once.
struct UseCases: Sendable {
    let registerUser: RegisterUser
    let signIn: SignIn
    let refreshSession: RefreshSession
    let endSession: EndSession
    let listSessions: ListSessions
    let changePassword: ChangePassword
    let editProfile: EditProfile
    let deleteAccount: DeleteAccount
    let answerChallenge: AnswerChallenge
    let offerTOTP: OfferTOTP
    let confirmTOTP: ConfirmTOTP
    let removeTOTP: RemoveTOTP
    let replaceRecoveryCodes: ReplaceRecoveryCodes
    let enrolPasskey: EnrolPasskey
    let removePasskey: RemovePasskey
    let signInWithPasskey: SignInWithPasskey
    let listFactors: ListFactors
    let findUsers: FindUsers
    let readRevocations: ReadRevocations
    let readDeletions: ReadDeletions
    let verifyAccess: VerifyAccess
    let accounts: PostgresAccountStore
    let devices: KnownDevices
    let challenges: PostgresChallengeStore
    let keys: KeyRing
    let sessionLife: Duration
    private let requests: RateLimiter<UserID>

    init(
        _ settings: AuthSettings, profile: LimitsProfile, secret: DeploymentSecret, database: Database, keys: KeyRing,
        passwords: PasswordHasher, audit: AuditLog, logger: Logger
    ) {
        let accounts = PostgresAccountStore(database)
        let sessions = PostgresSessionStore(database, audit: audit)
        let factors = PostgresFactorStore(database, secret: secret, audit: audit)
        let challenges = PostgresChallengeStore(database: database)
        let passkeys = PostgresPasskeyStore(database: database, audit: audit)
        let passkeyKey = PasskeyChallengeKey(secret)
        let checkPasskey = CheckPasskey(passkeys: passkeys, logger: logger)
        let throttle = SignInThrottle(
            PostgresThrottleStore(database), key: secret.derive("parley auth sign-in throttle keys"),
            profile: profile, logger: logger)
        let devices = KnownDevices(secret)
        self.devices = devices
        let tokens = IssueTokens(
            keys: keys, refreshKey: RefreshKey(secret), sessionLife: settings.sessionLife,
            sessionsMax: profile == .bench ? 1_000_000 : settings.sessionsPerUser)
        registerUser = RegisterUser(
            accounts: accounts, sessions: sessions, passwords: passwords, tokens: tokens,
            limiter: RateLimiter(
                "register", burst: settings.registrationsPerMinute * 5,
                perSecond: Double(settings.registrationsPerMinute) / 60, profile: profile))
        signIn = SignIn(
            accounts: accounts, sessions: sessions, factors: factors, passkeys: passkeys, challenges: challenges,
            passwords: passwords, throttle: throttle, devices: devices, tokens: tokens, audit: audit, logger: logger)
        answerChallenge = AnswerChallenge(
            challenges: challenges, factors: factors, checkPasskey: checkPasskey, sessions: sessions,
            throttle: throttle, devices: devices, tokens: tokens, audit: audit, logger: logger)
        refreshSession = RefreshSession(sessions: sessions, tokens: tokens)
        endSession = EndSession(sessions: sessions)
        listSessions = ListSessions(sessions: sessions)
        let confirm = ConfirmPassword(
            accounts: accounts, passwords: passwords, throttle: throttle, audit: audit)
        changePassword = ChangePassword(confirm: confirm, sessions: sessions, passwords: passwords)
        deleteAccount = DeleteAccount(
            confirm: confirm, deletions: PostgresDeletionStore(database: database, audit: audit))
        offerTOTP = OfferTOTP(confirm: confirm, factors: factors)
        confirmTOTP = ConfirmTOTP(factors: factors, throttle: throttle)
        removeTOTP = RemoveTOTP(confirm: confirm, factors: factors)
        replaceRecoveryCodes = ReplaceRecoveryCodes(confirm: confirm, factors: factors)
        enrolPasskey = EnrolPasskey(confirm: confirm, passkeys: passkeys, key: passkeyKey, logger: logger)
        removePasskey = RemovePasskey(confirm: confirm, passkeys: passkeys)
        signInWithPasskey = SignInWithPasskey(
            check: checkPasskey, passkeys: passkeys, accounts: accounts, sessions: sessions, tokens: tokens,
            audit: audit, key: passkeyKey,
            attempts: RateLimiter("passkey", burst: 500, perSecond: 10, profile: profile),
            openings: RateLimiter("passkey-sessions", burst: 20, perSecond: 0.2, profile: profile))
        listFactors = ListFactors(factors: factors, passkeys: passkeys)
        editProfile = EditProfile(accounts: accounts)
        findUsers = FindUsers(
            accounts: accounts,
            limiter: RateLimiter(
                "search", burst: settings.searchesPerSecond * 10, perSecond: Double(settings.searchesPerSecond),
                profile: profile))
        readRevocations = ReadRevocations(database)
        readDeletions = ReadDeletions(database)
        verifyAccess = VerifyAccess(keys: keys, sessions: sessions)
        self.accounts = accounts
        self.challenges = challenges
        self.keys = keys
        sessionLife = settings.sessionLife
        requests = RateLimiter("user", burst: 200, perSecond: 50, profile: profile)
    }

    /// What demands an access token of a live session.
    var authentication: UserAuthentication {
        UserAuthentication(requests: requests) { [verifyAccess] token in try await verifyAccess(token) }
    }
}
