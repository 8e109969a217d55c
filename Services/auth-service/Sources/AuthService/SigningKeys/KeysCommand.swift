import ChatProtocol
import Postgres
import ServiceKit

/// `auth-service keys …`: what an operator does with signing keys by hand.
struct KeysCommand: Sendable {
    static let command = ServiceCommand(
        name: "keys",
        usage: [
            ("list", "the signing keys, and what each does"),
            ("rotate", "make the next one; it signs after \(PostgresKeyStore.lead.components.seconds / 60) minutes"),
            ("retire KID", "one that leaked: its tokens are refused within seconds, and clients refresh"),
        ], run: run)

    @Sendable private static func run(_ context: CommandContext) async throws -> String {
        let settings = try AuthSettings(context.configuration)
        let database = Database(url: settings.databaseURL, logger: context.logger)
        defer { database.pool.close() }
        let store = PostgresKeyStore(
            database, secret: context.secret, days: settings.keyDays,
            audit: AuditLog(database, logger: context.logger))
        switch (context.arguments.first, context.arguments.count) {
        case ("list", 1): break
        case ("rotate", 1): try await store.rotate()
        case ("retire", 2):
            guard try await store.retire(context.arguments[1]) else {
                throw ConfigurationError("no key in use is called \"\(context.arguments[1])\"")
            }
        default: throw ConfigurationError("keys list | rotate | retire KID")
        }
        return try await list(database)
    }

    private static func list(_ database: Database) async throws -> String {
        let keys = try await database.query(
            """
            SELECT kid, created_at, CASE
                WHEN retired_at IS NULL AND EXISTS (
                    SELECT FROM auth.signing_keys AS o WHERE o.retired_at > now() AND o.created_at < k.created_at)
                THEN 'signs next'
                WHEN retired_at IS NULL THEN 'signs'
                WHEN retired_at > now() THEN 'signs until ' || to_char(retired_at AT TIME ZONE 'UTC', 'HH24:MI:SS')
                WHEN retired_at > now() - interval '1 hour' THEN 'believed until '
                    || to_char((retired_at + interval '1 hour') AT TIME ZONE 'UTC', 'HH24:MI:SS')
                ELSE 'retired' END
            FROM auth.signing_keys AS k ORDER BY created_at, kid
            """)
        return try keys.map { row in
            "\(try row.get(0, as: String.self))  made \(try row.get(1, as: Timestamp.self))  \(try row.get(2, as: String.self))"
        }.joined(separator: "\n")
    }
}
