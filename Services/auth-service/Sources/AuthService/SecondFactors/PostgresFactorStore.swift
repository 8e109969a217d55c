import ChatProtocol
import Postgres
package import Tokens

/// The tables `auth.totp` and `auth.recovery_codes`.
package struct PostgresFactorStore: Sendable {
    /// The secret of an authenticator app.
    struct App: Sendable {
        /// Nil where it was sealed under another deployment secret.
        let secret: [UInt8]?
        let sealed: [UInt8]
        let lastStep: Int64
    }

    private let database: Database
    private let sealingKey: [UInt8]
    private let audit: AuditLog

    package init(_ database: Database, secret: DeploymentSecret, audit: AuditLog) {
        self.database = database
        self.audit = audit
        sealingKey = secret.derive("parley auth authenticator secrets at rest")
    }

    /// What a sign-in of this user needs one of; empty where the password is enough.
    func methods(of user: UserID) async throws -> [FactorMethod] {
        let row = try await database.query(
            """
            SELECT EXISTS (SELECT FROM auth.totp WHERE user_id = \(user) AND confirmed_at IS NOT NULL),
                EXISTS (SELECT FROM auth.recovery_codes WHERE user_id = \(user)),
                EXISTS (SELECT FROM auth.passkeys WHERE user_id = \(user))
            """
        )[0]
        let (app, passkey) = (try row.get(0, as: Bool.self), try row.get(2, as: Bool.self))
        guard app || passkey else { return [] }
        var methods: [FactorMethod] = []
        if app { methods.append(.totp) }
        if try row.get(1, as: Bool.self) { methods.append(.recoveryCode) }
        if passkey { methods.append(.passkey) }
        return methods
    }

    /// Since when an app is in use, and how many recovery codes are left.
    func summary(of user: UserID) async throws -> (totpSince: Timestamp?, recoveryCodesLeft: Int64) {
        let row = try await database.query(
            """
            SELECT (SELECT confirmed_at FROM auth.totp WHERE user_id = \(user)),
                (SELECT count(*) FROM auth.recovery_codes WHERE user_id = \(user))
            """
        )[0]
        return (try row.getOptional(0), try row.get(1))
    }

    // MARK: The authenticator app

    /// Offers a secret; a former offer is forgotten.
    /// - Returns: false where an app is in use.
    func offer(_ secret: [UInt8], to user: UserID) async throws -> Bool {
        let sealed = try SealedSecret.seal(secret, key: sealingKey, context: user.description)
        return try await database.query(
            """
            INSERT INTO auth.totp AS t (user_id, sealed_secret)
            SELECT id, \(PostgresBytes(sealed)) FROM auth.users WHERE id = \(user) AND deleted_at IS NULL FOR SHARE
            ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = now()
                WHERE t.confirmed_at IS NULL
            """
        ).affected == 1
    }

    /// - Parameter confirmed: whether it is in use, or only offered.
    func app(of user: UserID, confirmed: Bool) async throws -> App? {
        try await database.query(
            """
            SELECT sealed_secret, last_step FROM auth.totp
            WHERE user_id = \(user) AND (confirmed_at IS NOT NULL) = \(confirmed)
            """
        ).first.map { row in
            let sealed = try row.get(0, as: PostgresBytes.self).bytes
            return App(
                secret: SealedSecret.open(sealed, key: sealingKey, context: user.description), sealed: sealed,
                lastStep: try row.get(1))
        }
    }

    /// Puts an offered secret to use, with new recovery codes, unless it was replaced or confirmed meanwhile.
    func confirm(
        _ app: App, step: Int64, codes: [RecoveryCode], of user: UserID, _ entry: AuditEntry
    ) async throws -> Bool {
        let rows = try await database.query(
            """
            WITH app AS (
                UPDATE auth.totp SET confirmed_at = now(), last_step = \(step)
                WHERE user_id = \(user) AND confirmed_at IS NULL AND sealed_secret = \(PostgresBytes(app.sealed))
                RETURNING user_id
            ), former AS (
                DELETE FROM auth.recovery_codes WHERE user_id IN (SELECT user_id FROM app)
            ), codes AS (
                INSERT INTO auth.recovery_codes (user_id, hash)
                SELECT app.user_id, code.hash FROM app, unnest(\(hashes(of: codes, user))) AS code (hash)
            ), change AS (
                SELECT user_id, \(entry.session) AS session_id, NULL::text AS device FROM app
            )
            \(audit: entry, forEach: "change")
            """)
        try audit.tell(entry, of: rows)
        return rows.affected == 1
    }

    /// Accepts a code's step, once.
    func accept(_ step: Int64, of app: App, user: UserID) async throws -> Bool {
        try await database.query(
            """
            UPDATE auth.totp SET last_step = \(step)
            WHERE user_id = \(user) AND confirmed_at IS NOT NULL AND last_step < \(step)
                AND sealed_secret = \(PostgresBytes(app.sealed))
            """
        ).affected == 1
    }

    /// Recovery codes go with the last factor that they stand in for.
    func removeApp(of user: UserID, _ entry: AuditEntry) async throws {
        let rows = try await database.query(
            """
            WITH app AS (
                DELETE FROM auth.totp WHERE user_id = \(user) RETURNING user_id, confirmed_at
            ), codes AS (
                DELETE FROM auth.recovery_codes WHERE user_id IN (SELECT user_id FROM app)
                    AND NOT EXISTS (SELECT FROM auth.passkeys WHERE user_id = \(user))
            ), change AS (
                SELECT user_id, \(entry.session) AS session_id, NULL::text AS device FROM app
                WHERE confirmed_at IS NOT NULL
            )
            \(audit: entry, forEach: "change")
            """)
        try audit.tell(entry, of: rows)
    }

    // MARK: Recovery codes

    /// Replaces all of them. The user's row orders parallel replacements.
    func replaceCodes(_ codes: [RecoveryCode], of user: UserID, _ entry: AuditEntry) async throws {
        _ = try await database.group([
            "SELECT 1 FROM auth.users WHERE id = \(user) FOR UPDATE",
            "DELETE FROM auth.recovery_codes WHERE user_id = \(user)",
            """
            INSERT INTO auth.recovery_codes (user_id, hash)
            SELECT id, code.hash FROM auth.users, unnest(\(hashes(of: codes, user))) AS code (hash)
            WHERE id = \(user) AND deleted_at IS NULL
            """,
            "\(audit: entry)",
        ])
        audit.tell(entry)
    }

    /// Uses a code up.
    /// - Returns: whether it was one.
    func use(_ code: RecoveryCode, of user: UserID, _ entry: AuditEntry) async throws -> Bool {
        let rows = try await database.query(
            """
            WITH change AS (
                DELETE FROM auth.recovery_codes
                WHERE user_id = \(user) AND hash = \(PostgresBytes(code.hash(for: user)))
                RETURNING user_id, NULL::uuid AS session_id, \(entry.device?.description) AS device
            )
            \(audit: entry, forEach: "change")
            """)
        try audit.tell(entry, of: rows)
        return rows.affected == 1
    }

    private func hashes(of codes: [RecoveryCode], _ user: UserID) -> [PostgresBytes] {
        codes.map { PostgresBytes($0.hash(for: user)) }
    }
}
