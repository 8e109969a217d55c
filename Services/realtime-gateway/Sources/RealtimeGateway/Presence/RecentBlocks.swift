import ChatProtocol
import Synchronization

/// Blocks that changed a moment ago, as the sweep heard of them. A look-up that began before such a change may be
/// answered after it was heard of: then what was heard is the newer.
final class RecentBlocks: Sendable {
    /// Longer than any look-up takes.
    private static let keptFor: Duration = .seconds(30)

    private struct Pair: Hashable {
        let low: UserID
        let high: UserID

        init(_ one: UserID, _ other: UserID) { (low, high) = one < other ? (one, other) : (other, one) }
    }

    private let changes = Mutex<[Pair: (since: Timestamp?, heard: ContinuousClock.Instant)]>([:])

    func heard(_ news: [BlockChange], now: ContinuousClock.Instant = .now) {
        changes.withLock { changes in
            changes = changes.filter { $0.value.heard.duration(to: now) < Self.keptFor }
            for change in news { changes[Pair(change.one, change.other)] = (change.since, now) }
        }
    }

    /// Since when one of two users blocks the other.
    /// - Parameter answer: what a look-up says.
    func since(_ one: UserID, _ other: UserID, answer: Timestamp?) -> Timestamp? {
        changes.withLock { changes in
            if changes.isEmpty { return answer }
            guard let change = changes[Pair(one, other)] else { return answer }
            return change.since
        }
    }
}
