import ChatProtocol
import ClientThread
import Redis

/// What one call of the reaper's script came to.
struct ReapedLease {
    enum Outcome: Int64 {
        /// No lease has run out.
        case nothing = 0
        /// Some connections of a lease that ran out were ended; there are more.
        case partly = 1
        /// A lease is gone with all that belonged to it.
        case ended = 2
    }

    let outcome: Outcome
    let liveInstances: Int64
}

extension RedisPresenceStore {
    func renewLease(
        of instance: InstanceID, service: String, address: String, deadline: Deadline
    ) async throws(ParleyError) -> HeartbeatAnswer {
        let reply = try await run(
            PresenceScripts.renewLease, [instance.description, service, address], deadline: deadline)
        guard let words = reply.array, let applied = words.first?.integer, words.count % 2 == 1 else {
            throw unreadable("renewLease")
        }
        var instances: [HeartbeatAnswer.Instance] = []
        for index in stride(from: 1, to: words.count, by: 2) {
            guard let id = words[index].string.flatMap({ InstanceID($0) }), let address = words[index + 1].string else {
                throw unreadable("renewLease")
            }
            instances.append(.init(id: id, address: address))
        }
        return HeartbeatAnswer(instances: instances, applied: applied)
    }

    /// Makes a lease run out now; one that is not there is none the worse.
    func expireLease(of instance: InstanceID, deadline: Deadline) async throws(ParleyError) {
        _ = try await run(PresenceScripts.expireLease, [instance.description], deadline: deadline)
    }

    /// Ends the lease that ran out first, or some of its connections.
    func reapLease(deadline: Deadline) async throws(ParleyError) -> ReapedLease {
        let reply = try await run(PresenceScripts.reapLease, [], deadline: deadline)
        guard let numbers = reply.array, numbers.count == 2, let live = numbers[1].integer,
            let outcome = numbers[0].integer.flatMap({ ReapedLease.Outcome(rawValue: $0) })
        else { throw unreadable("reapLease") }
        return ReapedLease(outcome: outcome, liveInstances: live)
    }
}
