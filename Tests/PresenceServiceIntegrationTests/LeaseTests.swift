import ChatProtocol
import Redis
import Testing

@testable import PresenceService

@Suite("Leases", .enabled(if: redisURL != nil))
struct LeaseTests {
    @Test func aHeartbeatTellsWhoElseOfTheServiceLives() async throws {
        try await PresenceWorld.with { world in
            let a = InstanceID.make()
            let b = InstanceID.make()
            #expect(try await world.heartbeat(a).instances.map(\.id) == [a])
            let answer = try await world.heartbeat(b)
            #expect(Set(answer.instances) == Set([a, b].map { .init(id: $0, address: "http://\($0):1") }))
            #expect(answer.applied == 0)
            _ = try await world.store.renewLease(
                of: .make(), service: "other", address: "http://x:1", deadline: world.deadline)
            #expect(try await world.heartbeat(a).instances.count == 2)
        }
    }

    @Test func aServiceCannotSpeakForAnother() async throws {
        try await PresenceWorld.with { world in
            let heartbeat = HeartbeatRequest(instance: .make(), service: "message-service", address: "http://x:1")
            await #expect(throws: ParleyError.self) {
                try await RenewLease(store: world.store)(heartbeat, of: "realtime-gateway", deadline: world.deadline)
            }
        }
    }

    @Test func aLeaseThatRunsOutTakesItsConnectionsOutOfTheRoutesAtOnce() async throws {
        try await PresenceWorld.with(lease: .milliseconds(400)) { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            try await gateway.open(user)
            #expect(try await world.routes(user) == [user: [gateway.id]])
            try await eventually { try await world.routes(user).isEmpty }
            // Not reaped yet: the next heartbeat has it all again.
            #expect(try await world.heartbeat(gateway.id).applied == 1)
            #expect(try await world.routes(user) == [user: [gateway.id]])
        }
    }

    @Test func aReapedGatewayLeavesNothingAndLearnsThatItHasToRegisterAgain() async throws {
        try await PresenceWorld.with(lease: .milliseconds(300), grace: .seconds(60)) { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            try await gateway.open(user)
            _ = try await gateway.watch(user)
            try await eventually {
                try await world.reaper.round()
                return try await world.keyNames() == ["born", "graces", "user:\(user)"]
            }
            #expect(try await world.heartbeat(gateway.id).applied == 0)
            #expect(try await gateway.send(2) == 0)
            #expect(try await gateway.send(2, reset: true, opened: [(.make(), user)]) == 2)
            #expect(try await world.heartbeat(gateway.id).applied == 2)
            #expect(try await world.routes(user) == [user: [gateway.id]])
        }
    }

    @Test func aGoodbyeEndsLeaseAndConnectionsAtOnce() async throws {
        try await PresenceWorld.with(grace: .seconds(60)) { world in
            let leaving = try await world.makeGateway()
            let staying = try await world.makeGateway()
            let user = UserID.make()
            let other = UserID.make()
            try await leaving.open(user)
            try await leaving.open(other)
            try await staying.open(other)
            try await world.end(leaving)
            #expect(try await world.routes(user, other) == [other: [staying.id]])
            #expect(try await world.heartbeat(staying.id).instances.map(\.id) == [staying.id])
            #expect(try await world.keyNames().contains("connections:\(leaving.id)") == false)
        }
    }

    @Test func aLargeGatewayIsEndedInPartsToTheLastConnection() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let users = (0..<3000).map { _ in UserID.make() }
            try await gateway.next(opened: users.map { (.make(), $0) })
            #expect(try await FindRoutes(store: world.store)(users, deadline: world.deadline).count == 3000)
            try await world.store.expireLease(of: gateway.id, deadline: world.deadline)
            let first = try await world.store.reapLease(deadline: world.deadline)
            #expect(first.outcome == .partly)
            try await world.reaper.round()
            #expect(try await world.store.reapLease(deadline: world.deadline).outcome == .nothing)
            #expect(try await world.keyNames().filter { !$0.hasPrefix("user:") } == ["born", "graces"])
            let graces = world.store.keys.prefix + "graces"
            #expect(try await world.redis.send(["ZCARD", graces], deadline: world.deadline) == .integer(3000))
        }
    }

    @Test func aGatewayThatComesBackInTheMiddleOfItsEndRegistersAgain() async throws {
        try await PresenceWorld.with(grace: .seconds(60)) { world in
            let gateway = try await world.makeGateway()
            let users = (0..<3000).map { _ in UserID.make() }
            try await gateway.next(opened: users.map { (.make(), $0) })
            try await world.store.expireLease(of: gateway.id, deadline: world.deadline)
            #expect(try await world.store.reapLease(deadline: world.deadline).outcome == .partly)
            #expect(try await world.heartbeat(gateway.id).applied == 0)
            #expect(try await world.store.reapLease(deadline: world.deadline).outcome == .nothing)
            #expect(try await gateway.send(2) == 0)
            let connections = users.map { (ConnectionID.make(), $0) }
            #expect(try await gateway.send(3, reset: true, opened: connections) == 3)
            #expect(try await FindRoutes(store: world.store)(users, deadline: world.deadline).count == 3000)
            // Closing each once leaves nobody: nothing of the old registration was counted twice.
            #expect(try await gateway.send(4, closed: connections.map(\.0)) == 4)
            #expect(try await FindRoutes(store: world.store)(users, deadline: world.deadline).isEmpty)
        }
    }
}
