import HTTPGuard
import NIOCore
import Testing

@Suite("The pace of a connection")
struct RequestPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var pace: RequestPace

    init() { pace = RequestPace(.init(), now: start) }

    private func expect(_ lateness: RequestPace.Lateness?, after time: TimeAmount, of begin: NIODeadline) {
        #expect(pace.deadline?.lateness == lateness)
        #expect(pace.deadline?.at == begin + time)
    }

    @Test("leaves 10 s for the first head, 30 s for a body, 75 s between requests, and all the time to the server")
    mutating func phases() {
        expect(.head, after: .seconds(10), of: start)
        let head = start + .seconds(3)
        pace.headRead(now: head)
        expect(.body, after: .seconds(30), of: head)
        pace.endRead()
        #expect(pace.deadline == nil)
        let answer = head + .hours(1)
        pace.answered(now: answer)
        expect(.head, after: .seconds(75), of: answer)
    }

    @Test("does not count a body against a client that waits for the answer before it")
    mutating func pipelined() {
        pace.headRead(now: start)
        pace.endRead()
        pace.headRead(now: start)
        #expect(pace.deadline == nil)
        let answer = start + .seconds(40)
        pace.answered(now: answer)
        expect(.body, after: .seconds(30), of: answer)
    }

    @Test("leaves 60 s to read what was written, however often more is")
    mutating func slowReader() {
        pace.headRead(now: start)
        pace.endRead()
        pace.becameWritable(false, now: start + .seconds(1))
        pace.becameWritable(false, now: start + .seconds(50))
        expect(.reading, after: .seconds(61), of: start)
        pace.becameWritable(true, now: start + .seconds(60))
        #expect(pace.deadline == nil)
    }
}

@Suite("The places for connections")
struct ConnectionCountTests {
    @Test("are counted in all and by holder, and come back")
    func places() {
        let count = ConnectionCount(totalMax: 3, perHolderMax: 2)
        var held = [count.enter("a"), count.enter("a")]
        #expect(held.allSatisfy { $0 != nil })
        #expect(count.enter("a") == nil && !count.hasRoom(for: "a"))
        #expect(count.hasRoom(for: "b"))
        held.append(count.enter(nil))
        #expect(count.enter("b") == nil && count.enter(nil) == nil)
        held = []
        #expect(count.holderCount == 0)
        #expect(count.enter("a") != nil)
    }

    @Test(
        "leave descriptors for everything else, and room for a crowd that shakes hands at once",
        arguments: [(256, 128, 128), (1024, 256, 512), (20_000, 5000, 14_744), (1_048_576, 8192, 1_040_128)])
    func descriptors(limit: Int, http: Int, webSocket: Int) {
        #expect(Descriptors.connectionsMax(of: limit) == (http, webSocket))
    }
}
