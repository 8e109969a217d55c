import Synchronization

/// Token buckets by key, in this process. Bounded: when there are too many keys the fullest (least interesting)
/// buckets are forgotten first.
package final class RateLimiter<Key: Hashable & Sendable>: Sendable {
    private struct Bucket {
        var tokens: Double
        var updated: ContinuousClock.Instant
    }

    private let burst: Double
    private let perSecond: Double
    private let keysMax: Int
    private let isOn: Bool
    private let buckets = Mutex<[Key: Bucket]>([:])

    /// - Parameters:
    ///   - burst: how many at once.
    ///   - perSecond: how many in the long run.
    package init(burst: Int, perSecond: Double, keysMax: Int = 100_000, profile: LimitsProfile) {
        self.burst = Double(burst)
        self.perSecond = perSecond
        self.keysMax = keysMax
        isOn = profile == .standard
    }

    /// Takes one token.
    /// - Returns: nil, or how long to wait until there will be one.
    package func take(_ key: Key, now: ContinuousClock.Instant = .now) -> Duration? {
        guard isOn else { return nil }
        return buckets.withLock { buckets in
            var bucket = buckets[key] ?? Bucket(tokens: burst, updated: now)
            let elapsed = bucket.updated.duration(to: now)
            bucket.tokens = min(burst, bucket.tokens + max(0, Double(elapsed.nanoseconds) / 1e9) * perSecond)
            bucket.updated = now
            if buckets.count >= keysMax { forgetFull(&buckets, now: now) }
            guard bucket.tokens >= 1 else {
                buckets[key] = bucket
                return .milliseconds(Int64((1 - bucket.tokens) / perSecond * 1000) + 1)
            }
            bucket.tokens -= 1
            buckets[key] = bucket
            return nil
        }
    }

    /// Puts one token back that was taken and not used.
    package func giveBack(_ key: Key) {
        buckets.withLock { buckets in
            guard var bucket = buckets[key] else { return }
            bucket.tokens = min(burst, bucket.tokens + 1)
            buckets[key] = bucket
        }
    }

    private func forgetFull(_ buckets: inout [Key: Bucket], now: ContinuousClock.Instant) {
        buckets = buckets.filter { _, bucket in
            let elapsed = Double(bucket.updated.duration(to: now).nanoseconds) / 1e9
            return bucket.tokens + elapsed * perSecond < burst
        }
        if buckets.count >= keysMax { buckets = [:] }
    }
}
