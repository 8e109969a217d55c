import ChatProtocol
import ClientThread
import NIOCore
import StrictJSON

/// Sends every client elsewhere before the gateway stops: `drain` with a delay of its own for each, so that they do
/// not come back in one wave; sends are served until the close.
struct DrainConnections: Sendable {
    /// Over which the reconnects are spread.
    private static let spread: Duration = .seconds(2)
    /// How long after that stragglers may take.
    private static let patience: Duration = .seconds(1)

    let registry: Registry

    func callAsFunction() async {
        for shard in registry.shards {
            shard.execute { shard in
                for session in shard.all {
                    let delay = Duration.milliseconds(Int64.random(in: 0...Self.spread.milliseconds))
                    session.write(.drain(reconnectAfter: delay))
                    session.flush()
                }
            }
        }
        await waitUntilEmpty(.after(Self.spread + Self.patience))
        for shard in registry.shards {
            shard.execute { shard in for session in shard.all { session.close(.goingAway) } }
        }
        await waitUntilEmpty(.after(.milliseconds(500)))
    }

    private func waitUntilEmpty(_ deadline: Deadline) async {
        while registry.connectionCount > 0, !deadline.hasPassed {
            // Cancelled means that the budget is over: the caller goes on with the rest of the stop.
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
        }
    }
}
