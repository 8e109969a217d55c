import ChatProtocol
import ClientThread
import CoreMetrics
import ServiceKit
import ServiceLifecycle

/// Ends what ran out: leases with their connections, and graces. Every instance of presence-service does so; each
/// script call takes its part out of Redis for itself, so that nothing is done or announced twice.
struct ReapLeases: Service {
    private static let interval: Duration = .seconds(1)

    let store: RedisPresenceStore
    let announcer: AnnounceChanges
    let metrics: PresenceMetrics

    func run() async throws {
        try await Repeating(every: Self.interval) {
            // Redis being away was counted and logged where it was found; the next round is the retry.
            try? await self.round()
        }.run()
    }

    /// One round: until there is nothing left that ran out.
    func round() async throws(ParleyError) {
        while !Task.isCancelled {
            let reaped = try await store.reapLease(deadline: .after(RedisPresenceStore.stepMax))
            metrics.liveInstances.set(reaped.liveInstances)
            if reaped.outcome == .nothing { break }
            if reaped.outcome == .ended { metrics.reapedLeases.increment() }
        }
        while !Task.isCancelled {
            let graces = try await store.endGraces(deadline: .after(RedisPresenceStore.stepMax))
            announcer.wentOffline(graces.wentOffline)
            if !graces.more { break }
        }
    }
}
