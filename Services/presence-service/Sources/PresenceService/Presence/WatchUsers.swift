import ChatProtocol
import ClientThread

/// A gateway wants to be told of some users, and no longer of others.
struct WatchUsers {
    static let usersMax = 20_000
    /// Users of one script call.
    private static let stepMax = 1000

    let store: RedisPresenceStore

    /// - Returns: the present state of each user to be watched. They are watched before it is read, so no change after
    ///   it is missed.
    func callAsFunction(_ request: WatchRequest, deadline: Deadline) async throws(ParleyError) -> [Presence] {
        guard request.watch.count + request.unwatch.count <= Self.usersMax else {
            throw ParleyError(.badRequest, "at most \(Self.usersMax) users at a time")
        }
        var unwatch = request.unwatch[...]
        while !unwatch.isEmpty {
            try await store.unwatch(unwatch.prefix(Self.stepMax), by: request.instance, deadline: deadline)
            unwatch = unwatch.dropFirst(Self.stepMax)
        }
        var states: [Presence] = []
        var watch = request.watch[...]
        while !watch.isEmpty {
            states += try await store.watch(watch.prefix(Self.stepMax), by: request.instance, deadline: deadline)
            watch = watch.dropFirst(Self.stepMax)
        }
        return states
    }
}
