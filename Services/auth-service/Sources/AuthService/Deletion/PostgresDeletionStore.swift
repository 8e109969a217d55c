import ChatProtocol
import Postgres

/// The table `auth.deletions`, and what a deletion does to the others.
package struct PostgresDeletionStore: Sendable {
    let database: Database
    let audit: AuditLog

    /// Takes everything personal out of the user's row and sessions, and ends these. The second statement sees what was
    /// committed before the first had the user's row, so no session that a sign-in just opened is left.
    /// - Returns: false where the account is gone or has another password by now; nothing was changed then.
    func delete(
        _ account: PostgresAccountStore.Credentials, messages: MessagesOfDeleted, by session: SessionID,
        from address: AddressPrefix
    ) async throws -> Bool {
        let user = account.user.id
        let entry = AuditEntry(.accountDeleted, from: address)
        let rows = try await database.group([
            """
            WITH gone AS (
                UPDATE auth.users SET username = '', name_hash = sha256(decode(username, 'escape')),
                    display_name = \(User.deletedName), display_key = '', password_hash = '', deleted_at = now()
                WHERE id = \(user) AND password_hash = \(account.passwordHash) AND deleted_at IS NULL
                RETURNING id
            ), deleted AS (
                INSERT INTO auth.deletions (user_id, messages, xid)
                SELECT id, \(messages.rawValue), pg_current_xact_id()::text::bigint FROM gone
                RETURNING user_id, \(session) AS session_id, NULL AS device
            ) \(audit: entry, forEach: "deleted")
            """,
            """
            UPDATE auth.sessions SET device = '', address = '', previous_hash = NULL, rotated_at = NULL,
                successor = NULL, ended_at = coalesce(ended_at, clock_timestamp()),
                ended_xid = coalesce(ended_xid, pg_current_xact_id()::text::bigint)
            WHERE user_id = \(user) AND EXISTS (SELECT FROM auth.deletions WHERE user_id = \(user))
            """,
            """
            DELETE FROM auth.passkeys WHERE user_id IN (SELECT user_id FROM auth.deletions WHERE user_id = \(user))
            """,
            """
            DELETE FROM auth.totp WHERE user_id IN (SELECT user_id FROM auth.deletions WHERE user_id = \(user))
            """,
            """
            DELETE FROM auth.recovery_codes
            WHERE user_id IN (SELECT user_id FROM auth.deletions WHERE user_id = \(user))
            """,
            """
            DELETE FROM auth.factor_challenges
            WHERE user_id IN (SELECT user_id FROM auth.deletions WHERE user_id = \(user))
            """,
        ])
        try audit.tell(entry, of: rows[0])
        return rows[0].affected == 1
    }
}
