import ChatProtocol
import Redis
import Testing

@testable import PresenceService

@Suite("Who is online", .enabled(if: redisURL != nil))
struct PresenceTests {
    @Test func watchingAnswersThePresentState() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let here = UserID.make()
            let nobody = UserID.make()
            try await gateway.open(here)
            #expect(
                try await gateway.watch(here, nobody) == [
                    Presence(user: here, state: .online, lastSeen: nil),
                    Presence(user: nobody, state: .offline, lastSeen: nil),
                ])
            #expect(try await gateway.watch(here).map(\.state) == [.online])
        }
    }

    @Test func comingOnlineIsToldAtOnceToEveryGatewayThatWatches() async throws {
        try await PresenceWorld.with { world in
            let a = try await world.makeGateway()
            let b = try await world.makeGateway()
            let c = try await world.makeGateway()
            let user = UserID.make()
            for gateway in [a, b, c] { _ = try await gateway.watch(user) }
            _ = try await a.watch(user)
            try await c.unwatch(user)
            try await a.open(user)
            try await eventually { world.told(a.id, of: user) == [.online] && world.told(b.id, of: user) == [.online] }
            try await b.open(user)
            try await Task.sleep(for: .milliseconds(100))
            #expect(world.told(a.id, of: user) == [.online])
            #expect(world.told(c.id, of: user).isEmpty)
        }
    }

    @Test func offlineIsToldAfterTheGraceWithTheEndOfTheLastConnection() async throws {
        try await PresenceWorld.with(grace: .milliseconds(400), reapers: 1) { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            _ = try await gateway.watch(user)
            let connection = try await gateway.open(user)
            try await eventually { world.told(gateway.id, of: user) == [.online] }
            let before = Timestamp.now
            try await gateway.close(connection)
            let after = Timestamp.now
            #expect(try await gateway.watch(user).map(\.state) == [.online])
            try await eventually { world.told(gateway.id, of: user) == [.online, .offline] }
            let waited = Timestamp.now.milliseconds - before.milliseconds
            #expect(waited >= 400)
            let lastSeen = try #require(world.lastSeenTold(gateway.id, of: user))
            // Redis' clock is this machine's here.
            #expect((before.milliseconds - 1...after.milliseconds + 1).contains(lastSeen.milliseconds))
            #expect(
                try await gateway.watch(user) == [Presence(user: user, state: .offline, lastSeen: lastSeen)])
        }
    }

    @Test func aShortAbsenceIsNotTold() async throws {
        try await PresenceWorld.with(grace: .milliseconds(500), reapers: 1) { world in
            let a = try await world.makeGateway()
            let b = try await world.makeGateway()
            let user = UserID.make()
            _ = try await a.watch(user)
            let connection = try await a.open(user)
            try await eventually { world.told(a.id, of: user) == [.online] }
            try await a.close(connection)
            try await Task.sleep(for: .milliseconds(100))
            try await b.open(user)
            try await Task.sleep(for: .milliseconds(800))
            #expect(world.told(a.id, of: user) == [.online])
        }
    }

    @Test func theUsersOfADeadGatewayGoOfflineAndThoseWhoReconnectDoNot() async throws {
        try await PresenceWorld.with(lease: .milliseconds(700), grace: .milliseconds(400), reapers: 1) { world in
            let dead = try await world.makeGateway()
            let watching = try await world.makeGateway()
            let gone = UserID.make()
            let moved = UserID.make()
            try await dead.open(gone)
            try await dead.open(moved)
            _ = try await watching.watch(gone, moved)
            try await watching.open(moved)
            try await eventually {
                _ = try await world.heartbeat(watching.id)
                return world.told(watching.id, of: gone).last == .offline
            }
            #expect(!world.told(watching.id, of: moved).contains(.offline))
        }
    }

    @Test func severalReapersTellEachChangeOnce() async throws {
        try await PresenceWorld.with(grace: .milliseconds(200), reapers: 4) { world in
            let gateway = try await world.makeGateway()
            let watching = try await world.makeGateway()
            let users = (0..<1200).map { _ in UserID.make() }
            for user in users { _ = try await watching.watch(user) }
            try await gateway.next(opened: users.map { (.make(), $0) })
            try await eventually { users.allSatisfy { world.told(watching.id, of: $0) == [.online] } }
            try await world.end(gateway)
            try await eventually { users.allSatisfy { world.told(watching.id, of: $0).count == 2 } }
            try await Task.sleep(for: .milliseconds(200))
            #expect(users.allSatisfy { world.told(watching.id, of: $0) == [.online, .offline] })
        }
    }

    @Test func inAnEmptyRedisNobodyIsCalledOfflineBeforeTheGatewaysHaveSpoken() async throws {
        try await PresenceWorld.with(infancy: .milliseconds(400)) { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            #expect(try await gateway.watch(user).map(\.state) == [.unknown])
            try await eventually { try await gateway.watch(user).map(\.state) == [.offline] }
        }
    }

    @Test func lastSeenIsForgottenInTheEnd() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            try await gateway.close(try await gateway.open(user))
            let key = world.store.keys.user(user)
            let left = try await world.redis.send(["TTL", key], deadline: world.deadline)
            #expect((2_591_990...2_592_000).contains(left.integer ?? 0))
            try await gateway.open(user)
            #expect(try await world.redis.send(["TTL", key], deadline: world.deadline) == .integer(-1))
        }
    }
}
