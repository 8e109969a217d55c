package import ChatProtocol
import HTTPTypes
import Hummingbird
import Synchronization

/// What is allowed in which time, as clients are told.
package struct RatePolicy: Sendable, Hashable {
    let name: String
    let burst: Int
    let perSecond: Double

    package init(name: String, burst: Int, perSecond: Double) {
        self.name = name
        self.burst = burst
        self.perSecond = perSecond
    }

    /// What a limiter that is no ``RateLimiter`` (it counts in the database) throws, once its headers are noted.
    package func refusal(_ message: String, retryAfter wait: Duration) -> ParleyError {
        RateStandings.current?.note(RateStanding(policy: self, remaining: 0, next: wait))
        return ParleyError(.rateLimited, message, retryAfter: wait)
    }

    /// In which an empty bucket is full again.
    var windowSeconds: Int { max(1, Int((Double(burst) / perSecond).rounded(.up))) }
}

/// How one client stands with a policy.
struct RateStanding: Sendable {
    let policy: RatePolicy
    let remaining: Int
    /// Until there is one more; nil where the bucket is full.
    let next: Duration?
}

/// The limits that one request was counted against, wherever that was, for the `RateLimit-Policy` and `RateLimit` headers
/// of its answer (draft-ietf-httpapi-ratelimit-headers-10).
final class RateStandings: Sendable {
    @TaskLocal static var current: RateStandings?

    private let standings = Mutex<[RateStanding]>([])

    func note(_ standing: RateStanding) {
        standings.withLock { standings in
            standings.removeAll { $0.policy.name == standing.policy.name }
            standings.append(standing)
        }
    }

    /// Adds the headers, lists of structured fields (RFC 9651): of a policy `q` requests in `w` seconds; of a standing `r`
    /// that remain and, unless that is all of them, `t` seconds until there is one more.
    func addHeaders(to response: inout Response) {
        let standings = standings.withLock { $0 }
        guard !standings.isEmpty else { return }
        response.headers[.rateLimitPolicy] =
            standings.map { "\"\($0.policy.name)\";q=\($0.policy.burst);w=\($0.policy.windowSeconds)" }
            .joined(separator: ", ")
        response.headers[.rateLimit] =
            standings.map { standing in
                let wait = standing.next.map { ";t=\($0.wholeSeconds)" } ?? ""
                return "\"\(standing.policy.name)\";r=\(standing.remaining)\(wait)"
            }
            .joined(separator: ", ")
    }
}

extension Duration {
    /// Rounded up and at least 1, as headers name a wait.
    var wholeSeconds: Int64 { max(1, (milliseconds + 999) / 1000) }
}

extension HTTPField.Name {
    static let rateLimitPolicy = known("ratelimit-policy")
    static let rateLimit = known("ratelimit")
}
