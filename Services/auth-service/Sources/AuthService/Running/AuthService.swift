import FoundationEssentials
package import Logging
import Observability
import Postgres
package import ServiceKit

/// Accounts, sessions and the keys of access tokens.
package enum AuthService {
    package static let description = ServiceDescription(
        name: "auth-service", summary: "accounts, sessions and the keys of access tokens",
        listen: .listen("127.0.0.1:8101"), internalListen: .internalListen("127.0.0.1:9101"),
        settings: AuthSettings.all, callers: ["message-service", "realtime-gateway"],
        migrate: { configuration, logger in
            try migrate(url: configuration.text(.databaseURL), logger: logger)
        }, commands: [KeysCommand.command])

    package static func migrate(url: String, logger: Logger) throws {
        _ = try Migrator.migrate(
            PostgresConfiguration(url: url, applicationName: "auth-service migrate"), schema: "auth",
            migrations: migrations, logger: logger)
    }

    private static let migrations = [
        Migration(name: "V0001_accounts", sql: PackageResources.V0001_accounts_sql),
        Migration(name: "V0002_history", sql: PackageResources.V0002_history_sql),
        Migration(name: "V0003_deletion", sql: PackageResources.V0003_deletion_sql),
        Migration(name: "V0004_audit_log", sql: PackageResources.V0004_audit_log_sql),
        Migration(name: "V0005_second_factors", sql: PackageResources.V0005_second_factors_sql),
        Migration(name: "V0006_passkeys", sql: PackageResources.V0006_passkeys_sql),
    ]

    package static func build(_ context: ServiceContext) async throws -> ServiceParts {
        let settings = try AuthSettings(context.configuration)
        let database = Database(url: settings.databaseURL, logger: context.logger)
        let durability = DurabilityGuard(pool: database.pool, logger: context.logger)
        let tables = SchemaGuard(
            pool: database.pool, schema: "auth", migrations: migrations, logger: context.logger)
        let passwords = try makePasswordHasher(settings, context)
        let audit = AuditLog(database, logger: context.logger)
        let keys = KeyRing(
            PostgresKeyStore(database, secret: context.secret, days: settings.keyDays, audit: audit),
            lifetime: settings.accessTokenLife)
        let useCases = UseCases(
            settings, profile: context.limits, secret: context.secret, database: database, keys: keys,
            passwords: passwords, audit: audit, logger: context.logger)
        let site = PasskeySite(origins: settings.allowedOrigins, domain: settings.passkeyDomain)
        let routes = AuthRoutes(
            useCases: useCases, clientAddress: context.clientAddress, site: site,
            refreshLimiter: RateLimiter(
                "refresh", burst: settings.refreshesPerSecond * 10, perSecond: Double(settings.refreshesPerSecond),
                profile: context.limits))
        let deletion = DeletionRoutes(useCases: useCases, clientAddress: context.clientAddress)
        let factors = FactorRoutes(useCases: useCases, clientAddress: context.clientAddress, site: site)
        let passkeys = PasskeyRoutes(useCases: useCases, clientAddress: context.clientAddress, site: site)

        context.metrics.read("parley_password_queue_hashes", "Passwords that wait to be hashed.") {
            Double(passwords.waitingCount)
        }
        context.readiness.add("postgres", required: true) { durability.isUp }
        context.readiness.add("migrations", required: true) { tables.isComplete }
        context.readiness.add("signing_keys", required: true) { keys.isLoaded }
        return ServiceParts(
            publicRoutes: {
                routes.add(to: $0)
                deletion.add(to: $0)
                factors.add(to: $0)
                passkeys.add(to: $0)
            },
            internalRoutes: {
                InternalRoutes(useCases: useCases).add(to: $0)
                deletion.addInternal(to: $0)
            },
            background: [
                durability, tables, readKeys(keys, context.logger),
                Housekeeping(database, audit: audit, auditDays: settings.auditDays, logger: context.logger).rounds,
            ],
            close: {
                passwords.close()
                database.pool.close()
            })
    }

    private static func makePasswordHasher(
        _ settings: AuthSettings, _ context: ServiceContext
    ) throws -> PasswordHasher {
        let processors = min(ProcessInfo.processInfo.activeProcessorCount, 8)
        let threads = settings.passwordThreads > 0 ? settings.passwordThreads : processors
        // At 17 ms each, 64 in the queue of one thread are the second a person waits without wondering.
        return try PasswordHasher(
            threads: threads, queueMax: context.limits == .bench ? 4096 : threads * 64, profile: context.limits)
    }

    private static func readKeys(_ keys: KeyRing, _ logger: Logger) -> Repeating {
        Repeating(every: .seconds(2)) {
            do {
                try await keys.reload()
            } catch {
                logger.warning("signing keys not read", metadata: ["reason": "\(error)"])
            }
        }
    }
}
