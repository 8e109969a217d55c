package import ChatProtocol
import Postgres

/// The table `auth.users`.
package struct PostgresAccountStore: Sendable {
    package struct Credentials: Sendable {
        package let user: User
        package let passwordHash: String
    }

    let database: Database

    package init(_ database: Database) { self.database = database }

    /// Whether somebody has the name, or had it and deleted the account.
    func exists(_ username: Username) async throws -> Bool {
        try await !database.query(
            """
            SELECT 1 FROM auth.users WHERE coalesce(name_hash, sha256(decode(username, 'escape')))
                = sha256(decode(\(username.description), 'escape'))
            """
        ).isEmpty
    }

    package func credentials(named username: Username) async throws -> Credentials? {
        try await database.query(
            """
            SELECT id, username, display_name, password_hash FROM auth.users
            WHERE username = \(username.description)
            """
        ).first.map(Credentials.init(row:))
    }

    package func credentials(of user: UserID) async throws -> Credentials? {
        try await database.query(
            """
            SELECT id, username, display_name, password_hash FROM auth.users
            WHERE id = \(user) AND deleted_at IS NULL
            """
        ).first.map(Credentials.init(row:))
    }

    /// Replaces the hash of an unchanged password by one with other parameters.
    func rehash(_ user: UserID, from old: String, to new: String) async throws {
        _ = try await database.query(
            "UPDATE auth.users SET password_hash = \(new) WHERE id = \(user) AND password_hash = \(old)")
    }

    func rename(_ user: UserID, to name: DisplayName) async throws -> User? {
        try await database.query(
            """
            UPDATE auth.users SET display_name = \(name.description), display_key = \(name.key)
            WHERE id = \(user) AND deleted_at IS NULL RETURNING id, username, display_name
            """
        ).first.map(User.init(row:))
    }

    /// Those that exist or did, in the order of their ids.
    package func users(ids: [UserID]) async throws -> [User] {
        try await database.query(
            "SELECT id, username, display_name FROM auth.users WHERE id = ANY(\(ids)) ORDER BY id"
        ).map(User.init(row:))
    }

    /// Those whose username or display key begins with `prefix`, usernames first. Both columns are in byte order, so
    /// a prefix is a range of their indexes, and there are no wildcards to escape. Those of a deleted user are empty and
    /// begin with nothing.
    package func users(prefix: String, limit: Int) async throws -> [User] {
        let end = prefix + "\u{10FFFF}"
        return try await database.query(
            """
            SELECT id, username, display_name FROM (
                (SELECT 0 AS place, username AS key, id, username, display_name FROM auth.users
                 WHERE username >= \(prefix) AND username < \(end) ORDER BY username LIMIT \(Int64(limit)))
                UNION ALL
                (SELECT 1, display_key, id, username, display_name FROM auth.users
                 WHERE display_key >= \(prefix) AND display_key < \(end)
                     AND NOT (username >= \(prefix) AND username < \(end))
                 ORDER BY display_key LIMIT \(Int64(limit)))
            ) AS found ORDER BY place, key, id LIMIT \(Int64(limit))
            """
        ).map(User.init(row:))
    }

    /// Those who can be written to: deleted users are not among them.
    package func existing(among ids: [UserID]) async throws -> [UserID] {
        try await database.query(
            "SELECT id FROM auth.users WHERE id = ANY(\(ids)) AND deleted_at IS NULL ORDER BY id"
        ).map { try $0.get(0) }
    }
}

extension User {
    /// Reads `id, username, display_name`.
    init(row: PostgresRow) throws {
        self.init(id: try row.get(0), username: try row.get(1), displayName: try row.get(2))
    }
}

extension PostgresAccountStore.Credentials {
    fileprivate init(row: PostgresRow) throws {
        self.init(user: try User(row: row), passwordHash: try row.get(3))
    }
}
