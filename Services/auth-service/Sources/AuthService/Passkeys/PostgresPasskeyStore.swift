package import ChatProtocol
import Postgres
import WebAuthn

/// The tables `auth.passkeys` and `auth.used_challenges`.
package struct PostgresPasskeyStore: Sendable {
    private static let columns: StaticString =
        "id, user_id, credential_id, algorithm, public_key, sign_count, name, created_at, last_used_at"

    let database: Database
    let audit: AuditLog

    package func list(of user: UserID) async throws -> [Passkey] {
        try await database.query(
            "SELECT \(raw: Self.columns) FROM auth.passkeys WHERE user_id = \(user) ORDER BY id"
        ).map(Passkey.init(row:))
    }

    func find(_ credentialID: [UInt8]) async throws -> Passkey? {
        try await database.query(
            "SELECT \(raw: Self.columns) FROM auth.passkeys WHERE credential_id = \(PostgresBytes(credentialID))"
        ).first.map(Passkey.init(row:))
    }

    /// - Returns: nil where somebody has this credential, where there are too many, or no such user any more. The user's
    ///   row orders parallel ones, so that the limit holds.
    func insert(
        _ made: RelyingParty.Registration, name: String, of user: UserID, _ entry: AuditEntry
    ) async throws -> Passkey? {
        do {
            let id = Passkey.ID.make()
            let rows = try await database.group([
                "SELECT 1 FROM auth.users WHERE id = \(user) FOR UPDATE",
                """
                WITH made AS (
                    INSERT INTO auth.passkeys (id, user_id, credential_id, algorithm, public_key, sign_count, name)
                    SELECT \(id), id, \(PostgresBytes(made.credentialID)),
                        \(made.publicKey.algorithm.rawValue), \(PostgresBytes(made.publicKey.bytes)),
                        \(Int64(made.signCount)), \(name)
                    FROM auth.users WHERE id = \(user) AND deleted_at IS NULL
                        AND (SELECT count(*) FROM auth.passkeys WHERE user_id = \(user)) < \(Int64(Passkey.countMax))
                    RETURNING user_id, \(entry.session) AS session_id, NULL::text AS device
                )
                \(audit: entry, forEach: "made")
                """,
                "SELECT \(raw: Self.columns) FROM auth.passkeys WHERE id = \(id)",
            ])
            try audit.tell(entry, of: rows[1])
            return try rows[2].first.map(Passkey.init(row:))
        } catch let error as PostgresError where error.isUniqueViolation {
            return nil
        }
    }

    /// Notes a use, and refuses the count of a copy, whatever runs in parallel.
    func use(_ passkey: Passkey, signCount: UInt32) async throws -> Bool {
        let count = Int64(signCount)
        return try await database.query(
            """
            UPDATE auth.passkeys SET sign_count = \(count), last_used_at = now()
            WHERE id = \(passkey.id) AND (sign_count < \(count) OR (sign_count = 0 AND \(count) = 0))
            """
        ).affected == 1
    }

    /// Recovery codes go with the last factor that they stand in for.
    /// - Returns: false where the user has no such passkey.
    func remove(_ passkey: Passkey.ID, of user: UserID, _ entry: AuditEntry) async throws -> Bool {
        let rows = try await database.group([
            """
            WITH gone AS (
                DELETE FROM auth.passkeys WHERE id = \(passkey) AND user_id = \(user)
                RETURNING user_id, \(entry.session) AS session_id, NULL::text AS device
            )
            \(audit: entry, forEach: "gone")
            """,
            """
            DELETE FROM auth.recovery_codes WHERE user_id = \(user)
                AND NOT EXISTS (SELECT FROM auth.passkeys WHERE user_id = \(user))
                AND NOT EXISTS (SELECT FROM auth.totp WHERE user_id = \(user) AND confirmed_at IS NOT NULL)
            """,
        ])
        try audit.tell(entry, of: rows[0])
        return rows[0].affected == 1
    }

    /// Uses a challenge up.
    /// - Returns: whether it had not been.
    func use(_ challenge: PasskeyChallenge) async throws -> Bool {
        try await database.query(
            """
            INSERT INTO auth.used_challenges (hash, expires_at)
            VALUES (\(PostgresBytes(challenge.hash)), \(challenge.expires)) ON CONFLICT DO NOTHING
            """
        ).affected == 1
    }

    func removeOldChallenges() async throws {
        // The clocks of two instances differ a little.
        _ = try await database.query(
            "DELETE FROM auth.used_challenges WHERE expires_at < now() - interval '10 minutes'")
    }
}

extension Passkey {
    fileprivate init(row: PostgresRow) throws {
        guard let algorithm = PasskeyPublicKey.Algorithm(rawValue: try row.get(3)),
            let key = PasskeyPublicKey(algorithm: algorithm, bytes: try row.get(4, as: PostgresBytes.self).bytes)
        else { throw PostgresError.decoding("no public key") }
        self.init(
            id: try row.get(0), user: try row.get(1), credentialID: try row.get(2, as: PostgresBytes.self).bytes,
            publicKey: key, signCount: UInt32(clamping: try row.get(5, as: Int64.self)), name: try row.get(6),
            createdAt: try row.get(7), lastUsedAt: try row.getOptional(8))
    }
}
