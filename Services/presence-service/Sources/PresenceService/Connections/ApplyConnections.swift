import ChatProtocol
import ClientThread

/// Batch `number` of a gateway's stream: applied if it is the next one, or whatever its number where it is a reset.
/// Large batches are applied in steps, so that Redis is never held up for long; the number counts as applied with the
/// last step only, and a batch that was left half done can be sent again, for each step is idempotent.
struct ApplyConnections {
    let store: RedisPresenceStore
    let announcer: AnnounceChanges

    /// - Returns: the number of the last batch that is applied now.
    func callAsFunction(_ batch: ConnectionsRequest, deadline: Deadline) async throws(ParleyError) -> Int64 {
        guard (1...Limits.seqMax).contains(batch.number) else {
            throw ParleyError(.badRequest, "number must be from 1 to \(Limits.seqMax)")
        }
        let reset = batch.reset ? Identifier<ConnectionsRequest>.make().description : nil
        if let reset {
            try await clear(batch.instance, reset: reset, deadline: deadline)
        }
        var applied: Int64 = 0
        for step in ConnectionSteps.steps(of: batch) {
            let result = try await store.apply(
                step, of: batch.instance, number: batch.number, reset: reset, deadline: deadline)
            announcer.cameOnline(result.cameOnline)
            applied = result.applied
            guard result.accepted else { break }
        }
        return applied
    }

    /// Forgets all connections of the gateway. A second reset that begins meanwhile takes over, and this one fails.
    private func clear(_ instance: InstanceID, reset: String, deadline: Deadline) async throws(ParleyError) {
        var isFirst = true
        while true {
            switch try await store.clear(instance, reset: reset, isFirst: isFirst, deadline: deadline) {
            case .done: return
            case .more: isFirst = false
            case .overtaken: throw .unavailable("another reset of this gateway is under way")
            }
        }
    }
}
