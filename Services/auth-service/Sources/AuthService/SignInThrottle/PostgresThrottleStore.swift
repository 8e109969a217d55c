import ChatProtocol
import Postgres

/// The table `auth.sign_in_throttle`: one row per bucket that is not full, by the generic cell rate algorithm (ITU-T
/// I.371): a bucket is the time at which it will be full again, and taking one moves that time on by the interval.
package struct PostgresThrottleStore: Sendable {
    let database: Database
    let limits: SignInLimits

    package init(_ database: Database, limits: SignInLimits = SignInLimits()) {
        self.database = database
        self.limits = limits
    }

    /// Takes one from the pair, then from the address, then from the account, in one statement; nothing is taken from
    /// a bucket behind one that refused. Rows are locked in that order everywhere.
    /// - Returns: nil, or how long to wait.
    package func take(_ keys: SignInThrottle.Keys) async throws -> Duration? {
        guard let shared = keys.shared else { return try await takeAlone(keys.pair, from: limits.pair) }
        let (pair, address, account) = (limits.pair, limits.address, limits.account)
        let row = try await database.query(
            """
            WITH rules AS (
                SELECT \(pair.step) * interval '1 millisecond' AS pair_step,
                    \(address.step) * interval '1 millisecond' AS address_step,
                    \(address.span) * interval '1 millisecond' AS address_span,
                    \(account.step) * interval '1 millisecond' AS account_step,
                    \(account.span) * interval '1 millisecond' AS account_span
            ), state AS (
                SELECT (SELECT full_at FROM auth.sign_in_throttle WHERE key = \(PostgresBytes(keys.pair))) AS pair_full,
                    (SELECT full_at FROM auth.sign_in_throttle WHERE key = \(PostgresBytes(shared.address))) AS address_full,
                    CASE WHEN (SELECT full_at FROM auth.sign_in_throttle WHERE key = \(PostgresBytes(shared.account)))
                            > now() + (SELECT account_span FROM rules)
                        THEN 1 ELSE \(Int64(pair.burst)) END * (SELECT pair_step FROM rules) AS pair_span
            ), pair AS (
                INSERT INTO auth.sign_in_throttle AS t (key, full_at)
                SELECT \(PostgresBytes(keys.pair)), now() + pair_step FROM rules
                ON CONFLICT (key) DO UPDATE
                    SET full_at = greatest(t.full_at, now()) + (SELECT pair_step FROM rules)
                    WHERE greatest(t.full_at, now()) + (SELECT pair_step FROM rules)
                        <= now() + (SELECT pair_span FROM state)
                RETURNING 1
            ), address AS (
                INSERT INTO auth.sign_in_throttle AS t (key, full_at)
                SELECT \(PostgresBytes(shared.address)), now() + address_step FROM rules WHERE EXISTS (SELECT FROM pair)
                ON CONFLICT (key) DO UPDATE
                    SET full_at = greatest(t.full_at, now()) + (SELECT address_step FROM rules)
                    WHERE greatest(t.full_at, now()) + (SELECT address_step FROM rules)
                        <= now() + (SELECT address_span FROM rules)
                RETURNING 1
            ), account AS (
                INSERT INTO auth.sign_in_throttle AS t (key, full_at)
                SELECT \(PostgresBytes(shared.account)), now() + account_step FROM rules
                WHERE EXISTS (SELECT FROM address)
                ON CONFLICT (key) DO UPDATE
                    SET full_at = least(greatest(t.full_at, now()) + (SELECT account_step FROM rules),
                        now() + (SELECT account_span + account_step FROM rules))
                RETURNING 1
            )
            SELECT EXISTS (SELECT FROM pair), EXISTS (SELECT FROM address),
                (extract(epoch FROM pair_full + pair_step - pair_span - now()) * 1000)::bigint,
                (extract(epoch FROM address_full + address_step - address_span - now()) * 1000)::bigint
            FROM rules, state
            """
        )[0]
        if try !row.get(0, as: Bool.self) {
            return try Self.wait(row.getOptional(2), for: pair)
        }
        if try !row.get(1, as: Bool.self) {
            return try Self.wait(row.getOptional(3), for: address)
        }
        return nil
    }

    /// Takes one from a bucket that depends on no other.
    private func takeAlone(_ key: [UInt8], from limit: SignInLimits.Bucket) async throws -> Duration? {
        let row = try await database.query(
            """
            WITH bucket AS (
                INSERT INTO auth.sign_in_throttle AS t (key, full_at)
                VALUES (\(PostgresBytes(key)), now() + \(limit.step) * interval '1 millisecond')
                ON CONFLICT (key) DO UPDATE
                    SET full_at = greatest(t.full_at, now()) + \(limit.step) * interval '1 millisecond'
                    WHERE greatest(t.full_at, now()) + \(limit.step) * interval '1 millisecond'
                        <= now() + \(limit.span) * interval '1 millisecond'
                RETURNING 1
            )
            SELECT EXISTS (SELECT FROM bucket), (SELECT (extract(epoch FROM full_at - now()) * 1000)::bigint
                FROM auth.sign_in_throttle WHERE key = \(PostgresBytes(key)))
            """
        )[0]
        if try row.get(0, as: Bool.self) { return nil }
        return try Self.wait(row.getOptional(1, as: Int64.self).map { $0 + limit.step - limit.span }, for: limit)
    }

    /// - Parameter forgetPair: whether the pair's bucket becomes full again.
    package func giveBack(_ keys: SignInThrottle.Keys, forgetPair: Bool) async throws {
        let pair = forgetPair ? limits.pair.span : limits.pair.step
        var statements = [Self.lower(keys.pair, by: pair)]
        if let shared = keys.shared {
            statements.append(Self.lower(shared.address, by: limits.address.step))
            statements.append(Self.lower(shared.account, by: limits.account.step))
        }
        _ = try await database.group(statements)
    }

    /// Takes one from the bucket of a user's codes.
    /// - Returns: nil, or how long to wait.
    package func takeCode(_ key: [UInt8]) async throws -> Duration? { try await takeAlone(key, from: limits.code) }

    package func forgetCodes(_ key: [UInt8]) async throws {
        _ = try await database.query("DELETE FROM auth.sign_in_throttle WHERE key = \(PostgresBytes(key))")
    }

    /// Removes the rows of full buckets.
    package func removeFull() async throws {
        _ = try await database.query("DELETE FROM auth.sign_in_throttle WHERE full_at < now()")
    }

    private static func lower(_ key: [UInt8], by milliseconds: Int64) -> PostgresQuery {
        """
        UPDATE auth.sign_in_throttle SET full_at = full_at - \(milliseconds) * interval '1 millisecond'
        WHERE key = \(PostgresBytes(key))
        """
    }

    /// What the row said before it was locked can be a little old: a hint, at least a second.
    private static func wait(_ milliseconds: Int64?, for bucket: SignInLimits.Bucket) -> Duration {
        .milliseconds(min(max(milliseconds ?? bucket.step, 1000), bucket.span))
    }
}

extension SignInLimits.Bucket {
    /// Milliseconds of one attempt.
    fileprivate var step: Int64 { interval.milliseconds }
    /// Milliseconds of a whole bucket.
    fileprivate var span: Int64 { step * Int64(burst) }
}
