import ChatProtocol
import ClientThread
import Postgres
import ServiceKit
import StrictJSON
import Support
import Testing
import Tokens

@testable import AuthService

/// A migrated database of its own and the service's use cases on it.
struct AuthWorld: Sendable {
    static let password = "correct horse 27 staple"

    let database: Database
    let useCases: UseCases
    let passwords: PasswordHasher
    let secret: DeploymentSecret

    var sessions: PostgresSessionStore { PostgresSessionStore(database, audit: audit) }
    var audit: AuditLog { AuditLog(database, logger: TestEnvironment.logger) }

    /// Another instance of the service on the same tables.
    func keyRing(secret: DeploymentSecret? = nil) -> KeyRing {
        KeyRing(
            PostgresKeyStore(database, secret: secret ?? self.secret, days: 30, audit: audit), lifetime: .seconds(900))
    }

    /// Makes a world, lends it, and removes it.
    static func with(_ profile: LimitsProfile = .bench, _ body: (AuthWorld) async throws -> Void) async throws {
        await turns.take()
        do {
            try await lend(profile, body)
        } catch {
            await turns.giveBack()
            throw error
        }
        await turns.giveBack()
    }

    /// Each world holds four connections, and a server takes 100 by default.
    private static let turns = Turns(8)

    private static func lend(_ profile: LimitsProfile, _ body: (AuthWorld) async throws -> Void) async throws {
        let url = try #require(TestEnvironment.databaseURL)
        let name = "auth_test_\(UInt64.random(in: 0 ... .max))"
        let server = PostgresConnection(
            PostgresConfiguration(url: url, applicationName: "test"), logger: TestEnvironment.logger)
        defer { server.close() }
        try await retrying { try await run("CREATE DATABASE \(name)", on: server) }
        let world = try await AuthWorld(url: own(url, name), profile)
        do {
            try await body(world)
        } catch {
            await world.close(name, server)
            throw error
        }
        await world.close(name, server)
    }

    private init(url: String, _ profile: LimitsProfile) async throws {
        try AuthService.migrate(url: url, logger: TestEnvironment.logger)
        database = Database(url: url, logger: TestEnvironment.logger)
        passwords = try PasswordHasher(threads: 2, queueMax: 1000, profile: profile)
        secret = try #require(DeploymentSecret((0..<32).map { _ in UInt8.random(in: 0...255) }))
        let audit = AuditLog(database, logger: TestEnvironment.logger)
        let keys = KeyRing(
            PostgresKeyStore(database, secret: secret, days: 30, audit: audit), lifetime: .seconds(900))
        try await retrying { try await keys.reload() }
        let configuration = try Configuration(
            environment: ["PARLEY_DATABASE_URL": url, "PARLEY_SESSIONS_PER_USER": "5"],
            settings: AuthSettings.all)
        useCases = UseCases(
            try AuthSettings(configuration), profile: profile, secret: secret, database: database, keys: keys,
            passwords: passwords, audit: audit, logger: TestEnvironment.logger)
    }

    private func close(_ name: String, _ server: PostgresConnection) async {
        passwords.close()
        database.pool.close()
        do {
            try await Self.run("DROP DATABASE \(name) WITH (FORCE)", on: server)
        } catch {
            Issue.record("\(name) was left behind: \(error)")
        }
    }

    private static func run(_ statement: String, on server: PostgresConnection) async throws {
        _ = try await server.query(PostgresQuery(stringLiteral: statement), deadline: .after(.seconds(10)))
    }

    /// The URL with another database.
    private static func own(_ url: String, _ name: String) -> String {
        let parts = url.split(separator: "?", maxSplits: 1)
        guard let slash = parts[0].lastIndex(of: "/") else { return url }
        return parts[0][...slash] + name + (parts.count > 1 ? "?" + parts[1] : "")
    }
}

/// So many at a time.
actor Turns {
    private var free: Int
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiters.append($0) }
    }

    func giveBack() {
        if waiters.isEmpty { free += 1 } else { waiters.removeFirst().resume() }
    }
}

/// Repeats until it succeeds; a new pool needs a moment to connect.
private func retrying(for limit: Duration = .seconds(10), _ body: () async throws -> Void) async throws {
    let deadline = Deadline.after(limit)
    while true {
        do {
            return try await body()
        } catch  where !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

// MARK: What people do

extension AuthWorld {
    static let home = AddressPrefix("192.0.2.1")
    static let site = PasskeySite(origins: [], domain: "").relyingParty(host: "chat.example.org")

    static func unique(_ name: String = "ada") -> String { name + String(UInt64.random(in: 0 ... .max), radix: 36) }

    @discardableResult
    func register(_ username: String = unique(), displayName: String? = nil) async throws -> SignedIn {
        let name = displayName.map { #","display_name":"\#($0)""# } ?? ""
        return try await useCases.registerUser(
            RegisterRequest(
                parsing: Array(#"{"username":"\#(username)","password":"\#(Self.password)"\#(name)}"#.utf8)),
            from: Self.home)
    }

    @discardableResult
    func signIn(
        _ username: String, _ password: String = password, from address: AddressPrefix = home, mark: String? = nil
    ) async throws -> SignedIn {
        switch try await start(username, password, from: address, mark: mark) {
        case .signedIn(let signedIn): return signedIn
        case .factorRequired: throw ParleyError(.factorRequired, "a second factor is needed")
        }
    }

    func start(
        _ username: String, _ password: String = password, from address: AddressPrefix = home, mark: String? = nil
    ) async throws -> SignInOutcome {
        try await useCases.signIn(
            SignInRequest(parsing: Array(#"{"username":"\#(username)","password":"\#(password)"}"#.utf8)),
            at: Self.site, from: address, mark: mark)
    }

    func refresh(_ token: RefreshToken) async throws -> SignedIn {
        try await useCases.refreshSession(token.text, asCookie: false, from: Self.home)
    }

    func changePassword(_ signedIn: SignedIn, to new: String, current: String = password) async throws {
        try await useCases.changePassword(
            ChangePasswordRequest(parsing: Array(#"{"current_password":"\#(current)","new_password":"\#(new)"}"#.utf8)),
            by: access(signedIn), from: Self.home)
    }

    func access(_ signedIn: SignedIn) -> AccessToken {
        AccessToken(user: signedIn.user.id, session: signedIn.session, expires: .now.advanced(by: .seconds(60)))
    }

    func end(_ session: SessionID, by signedIn: SignedIn) async throws {
        try await useCases.endSession.other(session, by: access(signedIn), from: Self.home)
    }

    func logout(_ signedIn: SignedIn) async throws {
        try await useCases.endSession.own(of: access(signedIn), from: Self.home)
    }

    func isLive(_ signedIn: SignedIn) async throws -> Bool {
        try await sessions.isLive(signedIn.session, of: signedIn.user.id)
    }
}

/// The code of the error that the body throws.
func code(of body: () async throws -> some Any) async -> ErrorCode? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? ParleyError)?.code ?? .internal
    }
}
