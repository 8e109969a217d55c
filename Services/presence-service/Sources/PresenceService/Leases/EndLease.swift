import ChatProtocol
import ClientThread

/// A goodbye: the lease runs out at once, and so do the instance's connections; their users have their grace from now.
struct EndLease {
    let store: RedisPresenceStore

    func callAsFunction(_ instance: InstanceID, deadline: Deadline) async throws(ParleyError) {
        try await store.expireLease(of: instance, deadline: deadline)
        // What is left when the time is up is the reapers'.
        while !deadline.hasPassed, try await store.reapLease(deadline: deadline).outcome != .nothing {}
    }
}
