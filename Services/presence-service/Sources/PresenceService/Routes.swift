import ChatProtocol
import Hummingbird
import ServiceKit

extension PresenceService {
    /// Bytes of a batch of connections: a whole gateway's worth in one `reset`.
    private static let connectionsBytesMax = 16 << 20
    /// Bytes of a list of users.
    private static let usersBytesMax = 1 << 20

    /// Translates between requests and use cases; the rules are theirs.
    static func addRoutes(
        to router: Router<ParleyRequestContext>, store: RedisPresenceStore, announcer: AnnounceChanges
    ) {
        router.onInternal(HeartbeatRequest.path, from: [gateway]) { request, context in
            let deadline = request.deadline(atMost: RedisPresenceStore.stepMax)
            let heartbeat = try await request.decode(HeartbeatRequest.self)
            return .json(try await RenewLease(store: store)(heartbeat, of: context.caller, deadline: deadline))
        }
        router.onInternal(GoodbyeRequest.path, from: [gateway]) { request, _ in
            let deadline = request.deadline(atMost: .seconds(2))
            let goodbye = try await request.decode(GoodbyeRequest.self)
            try await EndLease(store: store)(goodbye.instance, deadline: deadline)
            return .json(Done())
        }
        router.onInternal(ConnectionsRequest.path, from: [gateway]) { request, _ in
            let deadline = request.deadline(atMost: .seconds(5))
            let batch = try await request.decode(ConnectionsRequest.self, bytesMax: connectionsBytesMax)
            let apply = ApplyConnections(store: store, announcer: announcer)
            return .json(ConnectionsAnswer(applied: try await apply(batch, deadline: deadline)))
        }
        router.onInternal(RoutesRequest.path, from: [gateway]) { request, _ in
            let deadline = request.deadline(atMost: RedisPresenceStore.stepMax)
            let wanted = try await request.decode(RoutesRequest.self, bytesMax: usersBytesMax)
            return .json(RoutesAnswer(routes: try await FindRoutes(store: store)(wanted.users, deadline: deadline)))
        }
        router.onInternal(WatchRequest.path, from: [gateway]) { request, _ in
            let deadline = request.deadline(atMost: .seconds(2))
            let watch = try await request.decode(WatchRequest.self, bytesMax: usersBytesMax)
            return .json(PresenceChanges(states: try await WatchUsers(store: store)(watch, deadline: deadline)))
        }
    }
}
