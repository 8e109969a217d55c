package import ChatProtocol
import Synchronization

/// Token buckets by key, in this process: so many at once, then so many in a second. An answer says how its request
/// stands with every limiter it met (``RateStandings``).
///
/// Bounded: keys are kept in two generations. When the younger is full it becomes the older, whose keys that were not
/// met since are forgotten; so a flood of keys costs no time, and makes no limiter forget somebody who goes on.
package final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private struct Bucket {
        var tokens: Double
        var updated: ContinuousClock.Instant
    }

    private struct Generations {
        var young: [Key: Bucket] = [:]
        var old: [Key: Bucket] = [:]
    }

    private let policy: RatePolicy
    private let keysMax: Int
    private let isOn: Bool
    private let isNamed: Bool
    private let buckets = Mutex(Generations())

    /// - Parameters:
    ///   - name: what clients are told of it, in lower-case letters and hyphens; nil: nothing.
    ///   - burst: how many at once.
    ///   - perSecond: how many in the long run.
    package init(_ name: String? = nil, burst: Int, perSecond: Double, keysMax: Int = 100_000, profile: LimitsProfile) {
        policy = RatePolicy(name: name ?? "", burst: burst, perSecond: perSecond)
        isNamed = name != nil
        self.keysMax = keysMax
        isOn = profile == .standard
    }

    /// Takes one token.
    /// - Throws: ``ParleyError`` `rate_limited` with this message, and with how long to wait.
    package func admit(_ key: Key, orRefuse message: String) throws(ParleyError) {
        if let wait = take(key) { throw ParleyError(.rateLimited, message, retryAfter: wait) }
    }

    /// Takes one token.
    /// - Returns: nil, or how long to wait until there will be one.
    package func take(_ key: Key, now: ContinuousClock.Instant = .now) -> Duration? {
        guard isOn else { return nil }
        let (left, isTaken) = buckets.withLock { generations in
            var bucket = generations.young[key] ?? generations.old[key] ?? Bucket(tokens: burst, updated: now)
            let elapsed = bucket.updated.duration(to: now)
            bucket.tokens = min(burst, bucket.tokens + max(0, Double(elapsed.nanoseconds) / 1e9) * policy.perSecond)
            bucket.updated = now
            let isTaken = bucket.tokens >= 1
            if isTaken { bucket.tokens -= 1 }
            if generations.young.count >= keysMax / 2, generations.young[key] == nil {
                generations = Generations(old: generations.young)
            }
            generations.young[key] = bucket
            return (bucket.tokens, isTaken)
        }
        let missing = 1 - left.truncatingRemainder(dividingBy: 1)
        let wait = Duration.milliseconds(Int64(missing / policy.perSecond * 1000) + 1)
        if isNamed {
            let standing = RateStanding(policy: policy, remaining: Int(left), next: left < burst ? wait : nil)
            RateStandings.current?.note(standing)
        }
        return isTaken ? nil : wait
    }

    /// Puts one token back that was taken and not used.
    package func giveBack(_ key: Key) {
        buckets.withLock { generations in
            guard var bucket = generations.young[key] ?? generations.old[key] else { return }
            bucket.tokens = min(burst, bucket.tokens + 1)
            // Where it is: only a request makes a key younger.
            if generations.young[key] != nil { generations.young[key] = bucket } else { generations.old[key] = bucket }
        }
    }

    /// Keys that are remembered, of both generations.
    var keyCount: Int { buckets.withLock { $0.young.count + $0.old.count } }

    private var burst: Double { Double(policy.burst) }
}
