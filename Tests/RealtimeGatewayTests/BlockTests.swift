import ChatProtocol
import NIOCore
import Testing

@testable import RealtimeGateway

@Suite("Presence across a block")
struct BlockedPresenceTests {
    private let ada = UserID.make()
    private let bob = UserID.make()
    private let atBob = ConnectionRef(id: .make(), shard: 0)
    private let atEve = ConnectionRef(id: .make(), shard: 1)
    private let start = Timestamp(milliseconds: 1_000_000)
    private var table = WatchTable()

    private func time(_ seconds: Int64) -> Timestamp { start.advanced(by: .seconds(seconds)) }
    private func adaIs(_ state: Presence.State, _ lastSeen: Timestamp? = nil) -> Presence {
        Presence(user: ada, state: state, lastSeen: lastSeen)
    }

    /// Bob and Eve watch Ada, who is online.
    init() {
        _ = table.replace(atBob, of: bob, [ada])
        _ = table.replace(atEve, of: .make(), [ada])
        _ = table.apply([adaIs(.online)], now: start)
    }

    @Test("ends as if the other had left: only for the one concerned, after the delay with which anybody who leaves is")
    func leaving() {
        var table = table
        #expect(table.heard([BlockChange(one: ada, other: bob, since: time(0))], now: time(1)).isEmpty)
        #expect(table.tick(now: time(9)).isEmpty)
        #expect(table.shown(ada, to: atBob, now: time(9)) == adaIs(.online))
        let told = table.tick(now: time(10))
        #expect(told.map(\.presence) == [adaIs(.offline, time(0))] && told.map(\.connections) == [[atBob]])
        #expect(table.tick(now: time(11)).isEmpty)
        #expect(table.shown(ada, to: atEve, now: time(11)) == adaIs(.online))
    }

    @Test("stays what it was whatever the other does, but follows presence-service when that goes away")
    func frozen() {
        var table = table
        _ = table.heard([BlockChange(one: bob, other: ada, since: time(0))], now: time(1))
        _ = table.tick(now: time(20))
        #expect(
            table.apply([adaIs(.offline, time(30))], now: time(40)).filter { $0.connections.contains(atBob) }.isEmpty)
        #expect(table.apply([adaIs(.online)], now: time(50)).filter { $0.connections.contains(atBob) }.isEmpty)
        let away = table.forgetStates(now: time(60)).filter { $0.connections.contains(atBob) }
        #expect(away.map(\.presence) == [adaIs(.unknown)])
        let back = table.apply([adaIs(.online)], now: time(70)).filter { $0.connections.contains(atBob) }
        #expect(back.map(\.presence) == [adaIs(.offline, time(0))])
    }

    @Test("shows who left before the block with the time at which they left")
    func leftBefore() {
        var table = table
        _ = table.apply([adaIs(.offline, time(-100))], now: time(-90))
        #expect(table.heard([BlockChange(one: ada, other: bob, since: time(0))], now: time(1)).isEmpty)
        #expect(table.tick(now: time(20)).isEmpty)
        #expect(table.shown(ada, to: atBob, now: time(20)) == adaIs(.offline, time(-100)))
    }

    @Test("shows who left before the block the same when they come and go, and when one of two blocks ends")
    func leftAndBack() {
        var table = table
        _ = table.apply([adaIs(.offline, time(-100))], now: time(-90))
        _ = table.heard([BlockChange(one: ada, other: bob, since: time(0))], now: time(1))
        _ = table.tick(now: time(20))
        for presence in [adaIs(.online), adaIs(.offline, time(40)), adaIs(.online)] {
            let told = table.apply([presence], now: time(50))
            #expect(told.filter { $0.connections.contains(atBob) }.isEmpty)
        }
        #expect(table.heard([BlockChange(one: ada, other: bob, since: time(45))], now: time(60)).isEmpty)
        #expect(table.shown(ada, to: atBob, now: time(60)) == adaIs(.offline, time(-100)))
    }

    @Test("begins again with its end, and is known from the first look where there is one already")
    func ending() {
        var table = table
        _ = table.heard([BlockChange(one: ada, other: bob, since: time(0))], now: time(20))
        let told = table.heard([BlockChange(one: ada, other: bob, since: nil)], now: time(30))
        #expect(told.map(\.presence) == [adaIs(.online)] && told.map(\.connections) == [[atBob]])
        _ = table.replace(atBob, of: bob, [ada], blocked: [ada: time(0)])
        #expect(table.shown(ada, to: atBob, now: time(40)) == adaIs(.offline, time(0)))
        _ = table.stop(atBob)
        #expect(table.heard([BlockChange(one: ada, other: bob, since: nil)], now: time(50)).isEmpty)
    }

    @Test("is decided by what was heard, where a look-up that began before is answered after")
    func lateLookUp() {
        let blocks = RecentBlocks()
        let now = ContinuousClock.now
        #expect(blocks.since(ada, bob, answer: time(1)) == time(1))
        blocks.heard([BlockChange(one: ada, other: bob, since: time(2))], now: now)
        #expect(blocks.since(bob, ada, answer: nil) == time(2))
        #expect(blocks.since(bob, .make(), answer: nil) == nil)
        blocks.heard([BlockChange(one: bob, other: ada, since: nil)], now: now)
        #expect(blocks.since(ada, bob, answer: time(2)) == nil)
        blocks.heard([], now: now.advanced(by: .seconds(60)))
        #expect(blocks.since(ada, bob, answer: time(3)) == time(3))
    }
}

@Suite("A hidden message at the gateway")
struct HiddenMessageTests {
    @Test("goes whole to its sender's connections and without its body to the others'")
    func forms() throws {
        let (sender, reader) = (UserID.make(), UserID.make())
        let message = Message(
            chat: ChatHash(directChatOf: sender, and: reader), seq: 7, id: .make(), from: sender,
            body: try MessageBody(Array("secret".utf8)), sentAt: .now)
        let origin = ConnectionID.make()
        let event = Event(message: message, members: [sender, reader].sorted(), isHidden: true)
        let local = LocalEvent.all(of: [(event, origin)])
        #expect(local.map(\.recipients) == [[sender], [reader]])
        #expect(local.map(\.excluding) == [origin, origin])
        let texts = local.map { String(buffer: $0.frame) }
        #expect(texts[0].contains("secret") && !texts[0].contains("hidden"))
        #expect(
            !texts[1].contains("secret") && texts[1].contains(#""body":"""#) && texts[1].contains(#""hidden":true"#))
    }
}
