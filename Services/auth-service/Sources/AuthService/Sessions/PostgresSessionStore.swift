package import ChatProtocol
import Postgres

/// The table `auth.sessions`. Every change is one statement whose conditions are checked again under the row's lock, or
/// several in one implicit transaction, so that no two requests can both win. Every beginning and every end is in the audit
/// log by the same statement.
package struct PostgresSessionStore: Sendable {
    /// The transaction is what the cursor of ``ReadRevocations`` is compared with.
    private static let endNow: StaticString =
        "ended_at = clock_timestamp(), ended_xid = pg_current_xact_id()::text::bigint"
    private static let audited: StaticString = "user_id, id AS session_id, device"

    let database: Database
    let audit: AuditLog

    package init(_ database: Database, audit: AuditLog) {
        self.database = database
        self.audit = audit
    }

    // MARK: Opening

    /// Makes a user and their first session.
    /// - Returns: false where the username is taken.
    package func insert(_ user: User, passwordHash: String, _ session: OpeningSession) async throws -> Bool {
        let name: PostgresQuery = """
            INSERT INTO auth.users (id, username, display_name, display_key, password_hash)
            VALUES (\(user.id), \(user.username), \(user.displayName), \(DisplayName.key(of: user.displayName)),
                \(passwordHash))
            """
        do {
            let entry = AuditEntry(.registered, from: session.address)
            let rows = try await database.group([name, Self.insertion(of: session, passwordHash: passwordHash, entry)])
            try audit.tell(entry, of: rows[1])
            return true
        } catch let error as PostgresError where error.isUniqueViolation {
            return false
        }
    }

    /// Adds a session, provided that the password is still the one that was checked: the row's lock makes this and a
    /// change of the password happen one after the other. Ends the longest unused session beyond the limit.
    /// - Returns: false where the password was changed meanwhile.
    package func open(_ session: OpeningSession, passwordHash: String) async throws -> Bool {
        let entry = AuditEntry(.signedIn, from: session.address)
        let surplus = AuditEntry(.sessionEnded, from: session.address, detail: "more sessions than allowed")
        let rows = try await database.group([
            Self.insertion(of: session, passwordHash: passwordHash, entry),
            """
            WITH ended AS (
                UPDATE auth.sessions SET \(raw: Self.endNow)
                WHERE ended_at IS NULL AND id IN (
                    SELECT id FROM auth.sessions
                    WHERE user_id = \(session.user) AND ended_at IS NULL AND id <> \(session.id)
                    ORDER BY last_used_at DESC, id DESC OFFSET \(Int64(session.sessionsMax - 1)))
                RETURNING \(raw: Self.audited)
            ) \(audit: surplus, forEach: "ended")
            """,
        ])
        try audit.tell(entry, of: rows[0])
        try audit.tell(surplus, of: rows[1])
        return rows[0].affected == 1
    }

    private static func insertion(
        of session: OpeningSession, passwordHash: String, _ entry: AuditEntry
    ) -> PostgresQuery {
        """
        WITH opened AS (
            INSERT INTO auth.sessions (id, user_id, device, address, expires_at, refresh_hash)
            SELECT \(session.id), id, \(session.device.description), \(session.address.address),
                now() + \(session.life.milliseconds) * interval '1 millisecond', \(PostgresBytes(session.refresh.hash))
            FROM auth.users WHERE id = \(session.user) AND password_hash = \(passwordHash) FOR SHARE
            RETURNING \(raw: audited)
        ) \(audit: entry, forEach: "opened")
        """
    }

    // MARK: Refreshing

    /// Replaces the session's token, if it is the presented one.
    /// - Returns: the user; nil where the presented token is not the current one of a live session.
    func rotate(
        _ presented: RefreshToken, to fresh: RefreshToken, sealed: [UInt8], life: Duration, from address: AddressPrefix
    ) async throws -> User? {
        try await database.query(
            """
            UPDATE auth.sessions AS s SET refresh_hash = \(PostgresBytes(fresh.hash)), previous_hash = s.refresh_hash,
                rotated_at = clock_timestamp(), successor = \(PostgresBytes(sealed)), address = \(address.address),
                last_used_at = now(), expires_at = now() + \(life.milliseconds) * interval '1 millisecond'
            FROM auth.users AS u
            WHERE s.id = \(presented.session) AND s.refresh_hash = \(PostgresBytes(presented.hash)) AND u.id = s.user_id
                AND s.ended_at IS NULL AND s.expires_at > now()
            RETURNING u.id, u.username, u.display_name
            """
        ).first.map(User.init(row:))
    }

    /// The sealed successor of a token that was used less than `grace` ago and whose successor was not used yet.
    func successor(of presented: RefreshToken, within grace: Duration) async throws -> (User, [UInt8])? {
        try await database.query(
            """
            SELECT u.id, u.username, u.display_name, s.successor
            FROM auth.sessions AS s JOIN auth.users AS u ON u.id = s.user_id
            WHERE s.id = \(presented.session) AND s.previous_hash = \(PostgresBytes(presented.hash))
                AND s.rotated_at > now() - \(grace.milliseconds) * interval '1 millisecond'
                AND s.ended_at IS NULL AND s.expires_at > now()
            """
        ).first.map { (try User(row: $0), try $0.get(3, as: PostgresBytes.self).bytes) }
    }

    /// Ends a live session, unless the token has become a good one meanwhile.
    /// - Returns: whether it was ended now.
    func endReused(_ presented: RefreshToken, grace: Duration, from address: AddressPrefix) async throws -> Bool {
        let entry = AuditEntry(.refreshReused, from: address)
        let rows = try await database.query(
            """
            WITH ended AS (
                UPDATE auth.sessions SET \(raw: Self.endNow)
                WHERE id = \(presented.session) AND ended_at IS NULL
                    AND refresh_hash <> \(PostgresBytes(presented.hash))
                    AND (previous_hash <> \(PostgresBytes(presented.hash))
                        OR rotated_at <= now() - \(grace.milliseconds) * interval '1 millisecond')
                RETURNING \(raw: Self.audited)
            ) \(audit: entry, forEach: "ended")
            """)
        try audit.tell(entry, of: rows)
        return rows.affected == 1
    }

    // MARK: Looking at sessions and ending them

    /// Whether a token of this session may still be used.
    package func isLive(_ session: SessionID, of user: UserID) async throws -> Bool {
        try await !database.query(
            "SELECT 1 FROM auth.sessions WHERE id = \(session) AND user_id = \(user) AND ended_at IS NULL"
        ).isEmpty
    }

    /// The live sessions of a user, the last used first.
    func list(of user: UserID) async throws -> [SessionEntry] {
        try await database.query(
            """
            SELECT id, device, address, created_at, last_used_at FROM auth.sessions
            WHERE user_id = \(user) AND ended_at IS NULL AND expires_at > now() ORDER BY last_used_at DESC, id DESC
            """
        ).map { row in
            SessionEntry(
                id: try row.get(0), device: try row.get(1), address: try row.get(2), createdAt: try row.get(3),
                lastUsedAt: try row.get(4))
        }
    }

    /// - Parameter entry: by whom or why.
    /// - Returns: false where the user has no such live session.
    package func end(_ session: SessionID, of user: UserID, _ entry: AuditEntry) async throws -> Bool {
        let rows = try await database.query(
            """
            WITH ended AS (
                UPDATE auth.sessions SET \(raw: Self.endNow)
                WHERE id = \(session) AND user_id = \(user) AND ended_at IS NULL RETURNING \(raw: Self.audited)
            ) \(audit: entry, forEach: "ended")
            """)
        try audit.tell(entry, of: rows)
        return rows.affected == 1
    }

    /// Ends all sessions of the user but one.
    func endOthers(of user: UserID, than session: SessionID, _ entry: AuditEntry) async throws {
        let rows = try await database.query(
            """
            WITH ended AS (
                UPDATE auth.sessions SET \(raw: Self.endNow)
                WHERE user_id = \(user) AND id <> \(session) AND ended_at IS NULL RETURNING \(raw: Self.audited)
            ) \(audit: entry, forEach: "ended")
            """)
        try audit.tell(entry, of: rows)
    }

    /// Sets another password hash and ends all sessions but one. The second statement sees what was committed before
    /// the first had the user's row, sessions opened with the old password included.
    /// - Returns: false where the password is no longer `old`; nothing was changed then.
    package func changePassword(
        of user: UserID, from old: String, to new: String, keeping session: SessionID, from address: AddressPrefix
    ) async throws -> Bool {
        let entry = AuditEntry(.passwordChanged, from: address)
        let others = AuditEntry(.sessionEnded, from: address, detail: "new password, by session \(session)")
        let rows = try await database.group([
            """
            WITH changed AS (
                UPDATE auth.users SET password_hash = \(new) WHERE id = \(user) AND password_hash = \(old)
                RETURNING id AS user_id, \(session) AS session_id, NULL AS device
            ) \(audit: entry, forEach: "changed")
            """,
            """
            WITH ended AS (
                UPDATE auth.sessions SET \(raw: Self.endNow)
                WHERE user_id = \(user) AND id <> \(session) AND ended_at IS NULL
                    AND EXISTS (SELECT FROM auth.users WHERE id = \(user) AND password_hash = \(new))
                RETURNING \(raw: Self.audited)
            ) \(audit: others, forEach: "ended")
            """,
        ])
        try audit.tell(entry, of: rows[0])
        try audit.tell(others, of: rows[1])
        return rows[0].affected == 1
    }

    /// Removes sessions that ended or ran out a week ago.
    package func removeOld() async throws {
        _ = try await database.query(
            "DELETE FROM auth.sessions WHERE coalesce(ended_at, expires_at) < now() - interval '7 days'")
    }
}
