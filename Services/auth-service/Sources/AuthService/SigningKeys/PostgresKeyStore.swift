import ChatProtocol
import Crypto
import Postgres
package import Tokens

/// The table `auth.signing_keys`, the private halves sealed under the deployment secret.
///
/// The oldest key that is not retired signs; what a key signed is believed until an hour after it is retired. A
/// rotation adds a key and retires the others *from some minutes later on*, so that everybody knows the new key before
/// its first token. All times are the database's, and every change is made under one advisory lock: any number of
/// instances and commands can share the table.
package struct PostgresKeyStore: Sendable {
    /// Any number that no other advisory lock of this database uses.
    private static let lock: Int64 = 0x7061_726C_6579_6B79
    /// From the publication of a key to its first token: longer than any verifier's copy of the keys is kept
    /// (``keySetAgeMax`` and the 2 s of the services' own).
    package static let lead: Duration = .seconds(300)
    /// For how long others may keep a copy of the public keys.
    package static let keySetAgeMax: Duration = .seconds(60)

    package struct Key: Sendable {
        package let verification: VerificationKey
        /// Nil for a key that is retired or was sealed under another secret.
        package let signing: SigningKey?
        /// Whether it is time for another one.
        let isDue: Bool
    }

    let database: Database
    private let audit: AuditLog
    private let sealingKey: [UInt8]
    private let days: Int64

    /// - Parameter days: after how many a key is followed by another.
    package init(_ database: Database, secret: DeploymentSecret, days: Int, audit: AuditLog) {
        self.database = database
        self.audit = audit
        self.days = Int64(days)
        sealingKey = secret.derive("parley auth signing keys at rest")
    }

    /// The keys whose tokens may still be in date, the oldest first.
    package func load() async throws -> [Key] { try await database.query(selectKeys).compactMap(read) }

    /// Makes a key unless there is one to sign with by now.
    /// - Returns: all keys, as ``load()``.
    package func makeFirst() async throws -> [Key] {
        try await change { transaction in
            guard try await load(transaction).allSatisfy({ $0.signing == nil }) else { return [] }
            return try await add(transaction, why: "there was none to sign with")
        }
    }

    /// Makes the key that follows the one that signs, if that has had its days by now.
    /// - Returns: all keys, as ``load()``.
    package func rotateIfDue() async throws -> [Key] {
        try await change { transaction in
            guard try await load(transaction).contains(where: \.isDue) else { return [] }
            return try await rotate(transaction, why: "the last one has had its days")
        }
    }

    /// Makes the key that follows the one that signs.
    package func rotate() async throws {
        _ = try await change { try await rotate($0, why: "by command") }
    }

    /// Ends the use of a key that leaked: what it signed is refused as soon as the verifiers have read the keys again.
    /// - Returns: false where no key in use has this name.
    package func retire(_ id: String) async throws -> Bool {
        var isKnown = false
        _ = try await change { transaction in
            let retired = try await transaction.query(
                """
                UPDATE auth.signing_keys SET retired_at = now() - interval '1 hour'
                WHERE kid = \(id) AND (retired_at IS NULL OR retired_at > now() - interval '1 hour')
                """)
            guard retired.affected == 1 else { return [] }
            isKnown = true
            let entry = AuditEntry(.keyRetired, detail: id)
            _ = try await transaction.query("\(audit: entry)")
            let left = try await transaction.query("SELECT 1 FROM auth.signing_keys WHERE retired_at IS NULL")
            return [entry] + (left.isEmpty ? try await add(transaction, why: "the last one was retired") : [])
        }
        return isKnown
    }

    // MARK: Changing

    /// Lets one instance at a time look and change something.
    private func change(_ body: (PostgresTransaction) async throws -> [AuditEntry]) async throws -> [Key] {
        let (keys, entries) = try await database.transaction { transaction in
            _ = try await transaction.query("SELECT pg_advisory_xact_lock(\(Self.lock))")
            let entries = try await body(transaction)
            return (try await load(transaction), entries)
        }
        entries.forEach(audit.tell)
        return keys
    }

    private func rotate(_ transaction: PostgresTransaction, why: String) async throws -> [AuditEntry] {
        _ = try await transaction.query(
            """
            UPDATE auth.signing_keys SET retired_at = now() + \(Self.lead.milliseconds) * interval '1 millisecond'
            WHERE retired_at IS NULL
            """)
        return try await add(transaction, why: why)
    }

    private func add(_ transaction: PostgresTransaction, why: String) async throws -> [AuditEntry] {
        let pair = Curve25519.Signing.PrivateKey()
        let id = Identifier<SigningKey>.make().description
        let sealed = try SealedSecret.seal(Array(pair.rawRepresentation), key: sealingKey, context: id)
        _ = try await transaction.query(
            """
            INSERT INTO auth.signing_keys (kid, sealed_key, public_key)
            VALUES (\(id), \(PostgresBytes(sealed)), \(PostgresBytes(Array(pair.publicKey.rawRepresentation))))
            """)
        let entry = AuditEntry(.keyMade, detail: "\(id): \(why)")
        _ = try await transaction.query("\(audit: entry)")
        return [entry]
    }

    // MARK: Reading

    private func load(_ transaction: PostgresTransaction) async throws -> [Key] {
        try await transaction.query(selectKeys).compactMap(read)
    }

    private var selectKeys: PostgresQuery {
        """
        SELECT kid, sealed_key, public_key, coalesce(retired_at > now(), true),
            retired_at IS NULL AND created_at <= now() - \(days) * interval '1 day'
        FROM auth.signing_keys
        WHERE retired_at IS NULL OR retired_at > now() - interval '1 hour' ORDER BY created_at, kid
        """
    }

    private func read(_ row: PostgresRow) throws -> Key? {
        let id: String = try row.get(0)
        guard let verification = VerificationKey(id: id, bytes: try row.get(2, as: PostgresBytes.self).bytes) else {
            return nil
        }
        let isDue: Bool = try row.get(4)
        guard try row.get(3, as: Bool.self) else {
            return Key(verification: verification, signing: nil, isDue: isDue)
        }
        let seed = SealedSecret.open(try row.get(1, as: PostgresBytes.self).bytes, key: sealingKey, context: id)
        return Key(
            verification: verification, signing: seed.flatMap { SigningKey(id: id, seed: $0) }, isDue: isDue)
    }
}
