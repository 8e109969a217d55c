import ChatProtocol
import Redis
import Testing

@testable import PresenceService

@Suite("The stream of connections", .enabled(if: redisURL != nil))
struct ConnectionTests {
    @Test func batchesAreAppliedInTurnAndOnce() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            let connection = ConnectionID.make()
            #expect(try await gateway.send(2, opened: [(connection, user)]) == 0)
            #expect(try await world.routes(user).isEmpty)
            #expect(try await gateway.send(1, opened: [(connection, user)]) == 1)
            #expect(try await gateway.send(1, opened: [(.make(), .make())]) == 1)
            #expect(try await gateway.send(3) == 1)
            #expect(try await gateway.send(2, closed: [connection]) == 2)
            #expect(try await world.routes(user).isEmpty)
            #expect(try await world.heartbeat(gateway.id).applied == 2)
        }
    }

    @Test func aUserIsRoutedToEveryGatewayUntilTheLastConnectionThere() async throws {
        try await PresenceWorld.with { world in
            let a = try await world.makeGateway()
            let b = try await world.makeGateway()
            let user = UserID.make()
            let first = try await a.open(user)
            let second = try await a.open(user)
            let third = try await b.open(user)
            #expect(try await world.routes(user, .make()) == [user: [a.id, b.id]])
            try await a.close(first)
            #expect(try await world.routes(user) == [user: [a.id, b.id]])
            try await a.close(second)
            #expect(try await world.routes(user) == [user: [b.id]])
            try await b.close(third)
            #expect(try await world.routes(user).isEmpty)
        }
    }

    @Test func openedAndClosedInOneBatchIsClosed() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            let connection = ConnectionID.make()
            try await gateway.next(opened: [(connection, user)], closed: [connection, .make()])
            #expect(try await world.routes(user).isEmpty)
        }
    }

    @Test func aResetReplacesEverythingWhateverItsNumber() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let old = UserID.make()
            let kept = UserID.make()
            try await gateway.open(old)
            try await gateway.open(kept)
            #expect(try await gateway.send(17, reset: true, opened: [(.make(), kept)]) == 17)
            #expect(try await world.routes(old, kept) == [kept: [gateway.id]])
            #expect(try await gateway.send(17, reset: true) == 17)
            #expect(try await world.routes(kept).isEmpty)
            #expect(try await gateway.send(18, opened: [(.make(), old)]) == 18)
            #expect(try await world.routes(old) == [old: [gateway.id]])
        }
    }

    @Test func aResetThatIsOvertakenChangesNothingMore() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let user = UserID.make()
            let begin = { (reset: String) in
                try await world.store.clear(gateway.id, reset: reset, isFirst: true, deadline: world.deadline)
            }
            #expect(try await begin("a") == .done)
            #expect(try await gateway.send(1) == 0)
            #expect(try await begin("b") == .done)
            let late = ConnectionsRequest.Opened(connection: .make(), user: user, session: .make(), device: "")
            var step = ConnectionStep()
            step.opened = [late]
            step.isLast = true
            let refused = try await world.store.apply(
                step, of: gateway.id, number: 5, reset: "a", deadline: world.deadline)
            #expect(!refused.accepted)
            #expect(try await world.routes(user).isEmpty)
            let taken = try await world.store.apply(
                step, of: gateway.id, number: 5, reset: "b", deadline: world.deadline)
            #expect(taken.accepted && taken.applied == 5)
            #expect(try await gateway.send(6) == 6)
        }
    }

    @Test func manyGatewaysAtOnceLoseNoCount() async throws {
        try await PresenceWorld.with { world in
            let user = UserID.make()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    let gateway = try await world.makeGateway()
                    group.addTask {
                        var open: [ConnectionID] = []
                        for _ in 0..<20 { open.append(try await gateway.open(user)) }
                        for connection in open { try await gateway.close(connection) }
                    }
                }
                try await group.waitForAll()
            }
            let value = try await world.redis.send(["GET", world.store.keys.user(user)], deadline: world.deadline)
            #expect(value.string?.first == "@")
        }
    }

    @Test func aConnectionOfAUserTakesLessThan450Bytes() async throws {
        try await PresenceWorld.with { world in
            let gateway = try await world.makeGateway()
            let users = (0..<10_000).map { _ in UserID.make() }
            try await gateway.next(opened: users.map { (.make(), $0) })
            var bytes: Int64 = 0
            for key in ["user:\(users[0])", "connections:\(gateway.id)"] {
                let size = try await world.redis.send(
                    ["MEMORY", "USAGE", world.store.keys.prefix + key, "SAMPLES", "0"], deadline: world.deadline)
                bytes += key.hasPrefix("user") ? size.integer ?? 0 : (size.integer ?? 0) / Int64(users.count)
            }
            #expect(bytes < 450, "measured: \(bytes)")
        }
    }
}
