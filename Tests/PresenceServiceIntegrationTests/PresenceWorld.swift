import ChatProtocol
import ClientThread
import FoundationEssentials
import Logging
import Redis
import ServiceKit
import Synchronization
import Testing

@testable import PresenceService

/// Where the tests' Redis is; without it they are skipped.
let redisURL = ProcessInfo.processInfo.environment["PARLEY_TEST_REDIS_URL"]

/// A corner of a real Redis of a test's own, with short times.
final class PresenceWorld: Sendable {
    let redis: RedisClient
    let store: RedisPresenceStore
    let announcer: AnnounceChanges
    let reaper: ReapLeases

    /// Runs `body` in a world with its announcer (and, if wanted, several reapers) at work, and removes its keys.
    static func with(
        lease: Duration = .seconds(30), grace: Duration = .milliseconds(300), infancy: Duration = .zero,
        reapers: Int = 0, _ body: @escaping @Sendable (PresenceWorld) async throws -> Void
    ) async throws {
        var times = PresenceTimes()
        times.lease = lease
        times.grace = grace
        times.infancy = infancy
        let world = try PresenceWorld(times: times)
        defer { world.redis.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await world.announcer.run() }
            for _ in 0..<reapers {
                group.addTask {
                    while !Task.isCancelled {
                        try await world.reaper.round()
                        try? await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(world))
            } catch {
                outcome = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            try await world.removeKeys()
            try outcome.get()
        }
    }

    private init(times: PresenceTimes) throws {
        let url = try #require(redisURL)
        let configuration = try #require(RedisConfiguration(url: url))
        let logger = Logger(label: "test")
        redis = RedisClient(configuration, logger: logger)
        store = RedisPresenceStore(
            redis: redis, prefix: "parley-test:\(InstanceID.make()):", times: times, logger: logger)
        let received = Received()
        announcer = AnnounceChanges(store: store, metrics: PresenceMetrics(), logger: logger) { received.add($0) }
        reaper = ReapLeases(store: store, announcer: announcer, metrics: PresenceMetrics())
        self.received = received
    }

    private let received: Received

    private final class Received: Sendable {
        let states = Mutex<[(gateway: InstanceID, state: Presence)]>([])
        func add(_ push: PresencePush) {
            states.withLock { $0 += push.states.map { (push.gateway, $0) } }
        }
    }

    /// All states of a user pushed to a gateway so far.
    func told(_ gateway: InstanceID, of user: UserID) -> [Presence.State] {
        received.states.withLock { $0.filter { $0.gateway == gateway && $0.state.user == user }.map(\.state.state) }
    }

    func lastSeenTold(_ gateway: InstanceID, of user: UserID) -> Timestamp? {
        received.states.withLock { $0.last { $0.gateway == gateway && $0.state.user == user }?.state.lastSeen }
    }

    var deadline: Deadline { .after(.seconds(5)) }

    func heartbeat(_ gateway: InstanceID) async throws -> HeartbeatAnswer {
        try await RenewLease(store: store)(
            HeartbeatRequest(
                instance: gateway, service: "realtime-gateway", address: "http://\(gateway):1"),
            of: "realtime-gateway", deadline: deadline)
    }

    /// A gateway with a lease.
    func makeGateway() async throws -> TestGateway {
        let gateway = TestGateway(world: self)
        _ = try await heartbeat(gateway.id)
        return gateway
    }

    func routes(_ users: UserID...) async throws -> [UserID: Set<InstanceID>] {
        let routes = try await FindRoutes(store: store)(users, deadline: deadline)
        return Dictionary(uniqueKeysWithValues: routes.map { ($0.user, Set($0.instances)) })
    }

    func end(_ gateway: TestGateway) async throws { try await EndLease(store: store)(gateway.id, deadline: deadline) }

    func keyNames() async throws -> [String] {
        let reply = try await redis.send(["KEYS", store.keys.prefix + "*"], deadline: deadline)
        return (reply.array ?? []).compactMap { $0.string?.dropFirst(store.keys.prefix.count) }.map { String($0) }
            .sorted()
    }

    func removeKeys() async throws {
        for name in try await keyNames() {
            _ = try await redis.send(["DEL", store.keys.prefix + name], deadline: deadline)
        }
    }
}

/// The part of a gateway that speaks with presence-service.
actor TestGateway {
    nonisolated let id = InstanceID.make()
    private let world: PresenceWorld
    private var number: Int64 = 0

    init(world: PresenceWorld) { self.world = world }

    /// Opens a connection of the user with the next batch.
    @discardableResult
    func open(_ user: UserID) async throws -> ConnectionID {
        let connection = ConnectionID.make()
        try await next(opened: [(connection, user)])
        return connection
    }

    func close(_ connection: ConnectionID) async throws { try await next(closed: [connection]) }

    func next(opened: [(ConnectionID, UserID)] = [], closed: [ConnectionID] = []) async throws {
        number += 1
        #expect(try await send(number, opened: opened, closed: closed) == number)
    }

    nonisolated func send(
        _ number: Int64, reset: Bool = false, opened: [(ConnectionID, UserID)] = [], closed: [ConnectionID] = []
    ) async throws -> Int64 {
        try await ApplyConnections(store: world.store, announcer: world.announcer)(
            ConnectionsRequest(
                instance: id, number: number, reset: reset,
                opened: opened.map { .init(connection: $0.0, user: $0.1, session: .make(), device: "web") },
                closed: closed),
            deadline: world.deadline)
    }

    nonisolated func watch(_ users: UserID...) async throws -> [Presence] {
        try await WatchUsers(store: world.store)(
            WatchRequest(instance: id, watch: users, unwatch: []), deadline: world.deadline)
    }

    nonisolated func unwatch(_ users: UserID...) async throws {
        _ = try await WatchUsers(store: world.store)(
            WatchRequest(instance: id, watch: [], unwatch: users), deadline: world.deadline)
    }
}

/// Waits until something holds, at most so long.
func eventually(
    within limit: Duration = .seconds(5), _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let end = Deadline.after(limit)
    while !end.hasPassed {
        if try await holds() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what ?? "did not come to hold in time", sourceLocation: sourceLocation)
}
