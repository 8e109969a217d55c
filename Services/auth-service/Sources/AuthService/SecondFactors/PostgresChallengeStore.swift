import ChatProtocol
import Postgres

/// The table `auth.factor_challenges`.
package struct PostgresChallengeStore: Sendable {
    /// A sign-in that waits for its second factor.
    struct Pending: Sendable {
        let user: User
        let passwordHash: String
        let device: DeviceName
        let wantsCookie: Bool
    }

    let database: Database

    func insert(_ token: ChallengeToken, _ pending: Pending) async throws {
        _ = try await database.query(
            """
            INSERT INTO auth.factor_challenges (hash, user_id, password_hash, device, cookie, expires_at)
            VALUES (\(PostgresBytes(token.hash)), \(pending.user.id), \(pending.passwordHash),
                \(pending.device.description), \(pending.wantsCookie),
                now() + \(FactorChallenge.life.milliseconds) * interval '1 millisecond')
            """)
    }

    /// Whose challenge it is; nil where it is none that can still be tried.
    func username(of token: ChallengeToken) async throws -> String? {
        try await database.query(
            """
            SELECT u.username FROM auth.factor_challenges AS c JOIN auth.users AS u ON u.id = c.user_id
            WHERE c.hash = \(PostgresBytes(token.hash)) AND c.tries < \(Int64(FactorChallenge.triesMax))
                AND c.expires_at > now()
            """
        ).first?.get(0)
    }

    /// Counts a try before it is looked at, so that no number of parallel ones is too many.
    /// - Returns: nil where none is left.
    func countTry(_ token: ChallengeToken) async throws -> Pending? {
        try await database.query(
            """
            UPDATE auth.factor_challenges AS c SET tries = tries + 1 FROM auth.users AS u
            WHERE c.hash = \(PostgresBytes(token.hash)) AND c.tries < \(Int64(FactorChallenge.triesMax))
                AND c.expires_at > now() AND u.id = c.user_id
            RETURNING u.id, u.username, u.display_name, c.password_hash, c.device, c.cookie
            """
        ).first.map { row in
            Pending(
                user: try User(row: row), passwordHash: try row.get(3),
                device: try DeviceName(checking: row.get(4, as: String.self)), wantsCookie: try row.get(5))
        }
    }

    /// Uses the challenge up.
    /// - Returns: whether it was there: of parallel right answers one is let in.
    func finish(_ token: ChallengeToken) async throws -> Bool {
        try await database.query(
            "DELETE FROM auth.factor_challenges WHERE hash = \(PostgresBytes(token.hash)) AND expires_at > now()"
        ).affected == 1
    }

    func removeOld() async throws {
        _ = try await database.query("DELETE FROM auth.factor_challenges WHERE expires_at < now()")
    }
}
