import ChatProtocol
import ClientThread

/// On which live gateways are these users connected? On the path of every message: one round trip to Redis.
struct FindRoutes {
    static let usersMax = 10_000

    let store: RedisPresenceStore

    func callAsFunction(_ users: [UserID], deadline: Deadline) async throws(ParleyError) -> [RoutesAnswer.Route] {
        guard users.count <= Self.usersMax else {
            throw ParleyError(.badRequest, "at most \(Self.usersMax) users at a time")
        }
        guard !users.isEmpty else { return [] }
        return try await store.routes(of: users, deadline: deadline)
    }
}
