import ChatProtocol
import Testing

@testable import RealtimeGateway

@Suite("The stream of registrations")
struct RegistrationStreamTests {
    private func connection() -> ConnectionsRequest.Opened {
        .init(connection: .make(), user: .make(), session: .make(), device: "web")
    }

    @Test("numbers its batches and has one in flight")
    func numbers() throws {
        var stream = RegistrationStream(instance: .make())
        let (a, b) = (connection(), connection())
        stream.open(a)
        let next1 = stream.nextBatch()
        let first = try #require(next1)
        #expect(first.number == 1 && !first.reset && first.opened.map(\.connection) == [a.connection])
        stream.open(b)
        #expect(stream.nextBatch() == nil)
        #expect(stream.answered(applied: 1) == [a.connection])
        stream.close(a.connection)
        let next2 = stream.nextBatch()
        let second = try #require(next2)
        #expect(second.number == 2 && second.opened.map(\.connection) == [b.connection])
        #expect(second.closed == [a.connection])
    }

    @Test("tells everything again when the other side lost its memory")
    func reset() throws {
        var stream = RegistrationStream(instance: .make())
        let (a, b) = (connection(), connection())
        stream.open(a)
        stream.open(b)
        _ = stream.nextBatch()
        _ = stream.answered(applied: 1)
        let remembered = stream.heard(applied: 1)
        #expect(!remembered && stream.nextBatch() == nil)
        let forgotten = stream.heard(applied: 0)
        #expect(forgotten)
        let next3 = stream.nextBatch()
        let again = try #require(next3)
        #expect(again.reset && Set(again.opened.map(\.connection)) == [a.connection, b.connection])
    }

    @Test("sends the same batch again when its answer was lost, and trusts no number meanwhile")
    func lostAnswer() throws {
        var stream = RegistrationStream(instance: .make())
        stream.open(connection())
        let sent = stream.nextBatch()
        let first = try #require(sent)
        stream.failed()
        stream.open(connection())
        let forgotten = stream.heard(applied: 0)
        #expect(!forgotten)
        let resent = stream.nextBatch()
        let again = try #require(resent)
        #expect(again.number == first.number && again.opened.map(\.connection) == first.opened.map(\.connection))
    }

    @Test("never tells of a connection that opened and closed before it was sent as open")
    func shortLived() throws {
        var stream = RegistrationStream(instance: .make())
        let a = connection()
        stream.open(a)
        stream.close(a.connection)
        let next4 = stream.nextBatch()
        let batch = try #require(next4)
        #expect(batch.opened.isEmpty)
    }

    @Test("sends many connections in bounded batches, and no close before its open")
    func chunks() throws {
        var stream = RegistrationStream(instance: .make())
        let all = (0..<4500).map { _ in connection() }
        for one in all { stream.open(one) }
        stream.close(all[4400].connection)
        var known: Set<ConnectionID> = []
        while let batch = stream.nextBatch() {
            #expect(batch.opened.count <= RegistrationStream.batchMax)
            known.formUnion(batch.opened.map(\.connection))
            known.subtract(batch.closed)
            _ = stream.answered(applied: batch.number)
        }
        #expect(known.count == 4499)
    }
}

@Suite("The table of watched users")
struct WatchTableTests {
    private let a = ConnectionRef(id: .make(), shard: 0)
    private let b = ConnectionRef(id: .make(), shard: 1)
    private let user = UserID.make()

    @Test("knows who is watched no longer")
    func edges() {
        var table = WatchTable()
        let viewer = UserID.make()
        let steps = [
            table.replace(a, of: viewer, [user]), table.replace(b, of: viewer, [user]), table.stop(a), table.stop(b),
        ]
        #expect(steps == [[], [], [], [user]])
        #expect(table.users.isEmpty)
    }

    @Test("tells each change once, to those who watch")
    func changes() {
        var table = WatchTable()
        let now = Timestamp.now
        _ = table.replace(a, of: .make(), [user])
        let online = Presence(user: user, state: .online, lastSeen: nil)
        #expect(table.apply([online], now: now).map(\.connections) == [[a]])
        #expect(table.apply([online], now: now).isEmpty)
        #expect(table.apply([Presence(user: .make(), state: .online, lastSeen: nil)], now: now).isEmpty)
        #expect(table.forgetStates(now: now).map(\.presence.state) == [.unknown])
    }
}

@Suite("The tips delivered here")
struct DeliveredTipsTests {
    private func chat(_ number: UInt64) -> ChatHash { ChatHash(high: 0, low: number) }

    @Test("rise and never fall")
    func rise() {
        var tips = DeliveredTips()
        #expect(!tips.reached(chat(1), 1))
        tips.record(chat(1), 5)
        tips.record(chat(1), 3)
        #expect(tips.reached(chat(1), 5) && !tips.reached(chat(1), 6))
    }

    @Test("of the chats in use are kept when the memory is full")
    func bounded() {
        var tips = DeliveredTips(chatsMax: 100)
        for number in 0..<10_000 as Range<UInt64> {
            tips.record(chat(number + 1), 1)
            tips.record(chat(0), Int64(number + 1))
        }
        #expect(tips.reached(chat(0), 10_000))
    }
}
