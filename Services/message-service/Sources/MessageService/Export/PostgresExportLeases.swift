import ChatProtocol
import ClientThread
import Postgres

/// Who is exporting just now, over all instances.
struct PostgresExportLeases: Sendable {
    /// Exports at a time, of all users.
    static let togetherMax = 8
    /// How long a lease holds that is not renewed: the export whose instance was killed is over then.
    static let life: Duration = .seconds(30)

    let pool: PostgresPool

    /// - Returns: the lease, to be renewed and given back.
    /// - Throws: ``ParleyError`` `rate_limited` while the user exports already, `unavailable` while too many do.
    func take(_ user: UserID) async throws -> MessageID {
        let lease = MessageID.make()
        let rows = try await pool.group(
            [
                """
                INSERT INTO chat.exports (user_id, lease, until)
                SELECT \(user), \(lease), clock_timestamp() + \(Self.life.milliseconds) * interval '1 millisecond'
                WHERE \(Int64(Self.togetherMax)) >
                    (SELECT count(*) FROM chat.exports WHERE until > clock_timestamp() AND user_id <> \(user))
                ON CONFLICT (user_id) DO UPDATE SET lease = excluded.lease, until = excluded.until
                WHERE exports.until < clock_timestamp()
                """,
                "SELECT lease = \(lease) FROM chat.exports WHERE user_id = \(user)",
            ], deadline: .after(PostgresChats.patience))
        guard let isOurs = try rows[1].first?.get(0, as: Bool.self) else {
            throw ParleyError.unavailable("too many exports are under way", retryAfter: Self.life)
        }
        guard isOurs else { throw ParleyError(.rateLimited, "an export is under way already", retryAfter: Self.life) }
        return lease
    }

    /// - Returns: whether the lease was still held.
    func renew(_ lease: MessageID, of user: UserID) async throws -> Bool {
        try await pool.query(
            """
            UPDATE chat.exports SET until = clock_timestamp() + \(Self.life.milliseconds) * interval '1 millisecond'
            WHERE user_id = \(user) AND lease = \(lease)
            """, deadline: .after(PostgresChats.patience)
        ).affected == 1
    }

    func giveBack(_ lease: MessageID, of user: UserID) async throws {
        _ = try await pool.query(
            "DELETE FROM chat.exports WHERE user_id = \(user) AND lease = \(lease)",
            deadline: .after(PostgresChats.patience))
    }
}
