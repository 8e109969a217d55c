import ChatProtocol
import Crypto
import Postgres
package import Tokens

/// The table `auth.signing_keys`, the private halves sealed under the deployment secret.
package struct PostgresKeyStore: Sendable {
    /// Any number that no other advisory lock of this database uses.
    private static let lock: Int64 = 0x7061_726C_6579_6B79

    package struct Key: Sendable {
        package let verification: VerificationKey
        /// Nil for a key that is retired or was sealed under another secret.
        package let signing: SigningKey?
    }

    let database: Database
    private let audit: AuditLog
    private let sealingKey: [UInt8]

    package init(_ database: Database, secret: DeploymentSecret, audit: AuditLog) {
        self.database = database
        self.audit = audit
        sealingKey = secret.derive("parley auth signing keys at rest")
    }

    /// The keys whose tokens may still be in date, the oldest first.
    package func load() async throws -> [Key] { try await database.query(Self.selectKeys).compactMap(read) }

    /// Makes a key unless there is one to sign with by now, which the advisory lock lets only one instance find out
    /// at a time.
    /// - Returns: all keys, as ``load()``.
    package func makeFirst() async throws -> [Key] {
        let (keys, entry) = try await database.transaction { transaction -> ([Key], AuditEntry?) in
            _ = try await transaction.query("SELECT pg_advisory_xact_lock(\(Self.lock))")
            let keys = try await transaction.query(Self.selectKeys).compactMap(read)
            if keys.contains(where: { $0.signing != nil }) { return (keys, nil) }
            let pair = Curve25519.Signing.PrivateKey()
            let seed = Array(pair.rawRepresentation)
            let id = Identifier<SigningKey>.make().description
            let sealed = try SealedSecret.seal(seed, key: sealingKey, context: id)
            _ = try await transaction.query(
                """
                INSERT INTO auth.signing_keys (kid, sealed_key, public_key)
                VALUES (\(id), \(PostgresBytes(sealed)), \(PostgresBytes(Array(pair.publicKey.rawRepresentation))))
                """)
            let entry = AuditEntry(.keyMade, detail: "\(id): there was none to sign with")
            _ = try await transaction.query("\(audit: entry)")
            return (try await transaction.query(Self.selectKeys).compactMap(read), entry)
        }
        entry.map(audit.tell)
        return keys
    }

    private static let selectKeys: PostgresQuery = """
        SELECT kid, sealed_key, public_key, retired_at IS NULL FROM auth.signing_keys
        WHERE retired_at IS NULL OR retired_at > now() - interval '1 hour' ORDER BY created_at, kid
        """

    private func read(_ row: PostgresRow) throws -> Key? {
        let id: String = try row.get(0)
        guard let verification = VerificationKey(id: id, bytes: try row.get(2, as: PostgresBytes.self).bytes) else {
            return nil
        }
        guard try row.get(3, as: Bool.self) else { return Key(verification: verification, signing: nil) }
        let seed = SealedSecret.open(try row.get(1, as: PostgresBytes.self).bytes, key: sealingKey, context: id)
        return Key(verification: verification, signing: seed.flatMap { SigningKey(id: id, seed: $0) })
    }
}
