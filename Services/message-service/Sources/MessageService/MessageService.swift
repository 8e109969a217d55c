import ChatProtocol
import Logging
import Observability
package import Postgres
package import ServiceKit

/// message-service: owns chats and their history in PostgreSQL.
package enum MessageService {
    /// Lanes of group commit.
    private static let laneCount = 2

    /// The hot statements only look keys up, whatever the size of the tables: one plan, made once, on indexes. Planning
    /// each execution anew cost 1 ms of CPU, more than the statement itself (measured).
    private static let keyLookUps: [StaticString] = [
        "plan_cache_mode = force_generic_plan", "enable_seqscan = off", "enable_bitmapscan = off",
        "enable_hashjoin = off", "enable_mergejoin = off", "jit = off",
    ]

    static let newChatsPerHour = Setting(
        "PARLEY_NEW_CHATS_PER_HOUR", default: "20",
        "chats that one user may make in an hour with people who have not written to them, 1 to 100000")

    package static let description = ServiceDescription(
        name: "message-service",
        summary: "owns chats, members, messages and cursors in PostgreSQL",
        listen: .listen("127.0.0.1:8102"),
        internalListen: .internalListen("127.0.0.1:9102"),
        settings: [.databaseURL, .authURLs, newChatsPerHour],
        callers: ["realtime-gateway"],
        migrate: { configuration, logger in
            _ = try Migrator.migrate(
                PostgresConfiguration(url: try configuration.text(.databaseURL), applicationName: "message-service"),
                schema: "chat", migrations: migrations, logger: logger)
        })

    package static let migrations = [
        Migration(name: "V0001_chats", sql: PackageResources.V0001_chats_sql),
        Migration(
            name: "V0002_messages_by_transaction", sql: PackageResources.V0002_messages_by_transaction_sql),
        Migration(name: "V0003_history", sql: PackageResources.V0003_history_sql),
        Migration(name: "V0004_new_chats", sql: PackageResources.V0004_new_chats_sql),
        Migration(name: "V0005_blocks", sql: PackageResources.V0005_blocks_sql),
        Migration(name: "V0006_deleted_users", sql: PackageResources.V0006_deleted_users_sql),
        Migration(name: "V0007_exports", sql: PackageResources.V0007_exports_sql),
    ]

    package static func build(_ context: ServiceContext) async throws -> ServiceParts {
        let url = try context.configuration.text(.databaseURL)
        let logger = context.logger
        let pool = PostgresPool(
            PostgresConfiguration(url: url, applicationName: "message-service"), shared: 4, leased: 1, logger: logger)
        // Deadlines shrink inwards: send 5 s > one attempt 1 s > statement 900 ms > lock 500 ms.
        var appends = PostgresConfiguration(
            url: url, applicationName: "message-service append", statementTimeout: .milliseconds(900),
            lockTimeout: .milliseconds(500))
        appends.sessionSettings = keyLookUps
        let lanes = (0..<laneCount).map { _ in
            AppendLane(connection: PostgresConnection(appends, logger: logger), logger: logger)
        }
        var hints = PostgresConfiguration(url: url, applicationName: "message-service cursors")
        hints.sessionSettings = keyLookUps + ["synchronous_commit = off"]
        let cursors = PostgresConnection(hints, logger: logger)
        // Of its own, so that nobody waits behind a sweep.
        var sweeps = PostgresConfiguration(
            url: url, applicationName: "message-service sweeps", statementTimeout: ReadTips.patience)
        sweeps.sessionSettings = keyLookUps
        let tips = PostgresConnection(sweeps, logger: logger)

        let auth = try context.client(for: "auth-service", at: .authURLs)
        let authority = SessionAuthority(auth: auth, logger: logger)
        let durability = DurabilityGuard(pool: pool, logger: logger)
        let tables = SchemaGuard(pool: pool, schema: "chat", migrations: migrations, logger: logger)
        let chats = PostgresChats(pool: pool)
        let users = KnownUsers(auth: auth)
        let blocks = PostgresBlocks(pool: pool)
        let readHistory = ReadHistory(pool: pool)
        let exportChats = ExportChats(
            chats: chats, readHistory: readHistory, blocks: blocks, leases: PostgresExportLeases(pool: pool)
        ) { try await UserNames(auth: auth)($0) }
        let newChatsMax = try context.configuration.integer(newChatsPerHour, in: 1...100_000)
        let publicRoutes = PublicRoutes(
            authority: authority,
            openDirectChat: OpenDirectChat(
                chats: chats, users: users, newChatsPerHourMax: context.limits == .bench ? nil : newChatsMax),
            blocks: BlockRoutes(blockUser: BlockUser(blocks: blocks, users: users)),
            exports: ExportRoute(exportChats: exportChats), chats: chats, readHistory: readHistory,
            syncChats: SyncChats(pool: pool),
            requests: RateLimiter("user", burst: 200, perSecond: 50, profile: context.limits))
        let internalRoutes = InternalRoutes(
            appendMessages: AppendMessages(lanes: lanes), raiseCursors: RaiseCursors(connection: cursors),
            lookUpChats: LookUpChats(pool: pool), readTips: ReadTips(connection: tips))

        context.metrics.read("parley_append_queue_messages", "Messages that wait for a commit.") {
            Double(lanes.map(\.waitingCount).reduce(0, +))
        }
        context.readiness.add("postgres", required: true) { durability.isUp }
        context.readiness.add("migrations", required: true) { tables.isComplete }
        context.readiness.add("signing_keys", required: true) { authority.isLoaded }
        context.readiness.add("auth-service", required: false) { auth.isUp }
        return ServiceParts(
            publicRoutes: publicRoutes.add, internalRoutes: internalRoutes.add,
            directRoutes: [internalRoutes.append],
            background: [
                durability, tables, auth, authority,
                FollowDeletions(
                    auth: auth, store: PostgresDeletedUsers(pool: pool, blocks: blocks), logger: logger),
            ] + lanes,
            close: { pool.close() })
    }
}
