import ChatProtocol
import Testing

@testable import RealtimeGateway

@Suite("A queue of sends")
struct SendQueueTests {
    private let start = ContinuousClock.now

    private func job(_ text: String = "x", at seconds: Double = 0) throws -> SendJob {
        let entry = AppendRequest.Entry(
            chat: ChatHash(high: 1, low: 2), from: .make(), id: .make(), body: try MessageBody(Array(text.utf8)))
        return SendJob(
            entry: entry, origin: .socket(ConnectionRef(id: .make(), shard: 0)),
            submitted: start.advanced(by: .seconds(seconds)))
    }

    @Test("gives them back in the order in which they came, as many as one call may hold")
    func order() throws {
        var queue = SendQueue()
        let jobs = try (0..<300).map { try job(String($0)) }
        let taken = jobs.map { queue.add($0, now: start) }
        #expect(taken.allSatisfy { $0 })
        let first = queue.nextBatch(now: start)
        let second = queue.nextBatch(now: start)
        #expect((first.batch + second.batch).map(\.entry.id) == jobs.map(\.entry.id))
        #expect(first.batch.count == SendQueue.batchEntriesMax)
        #expect(queue.waiting.isEmpty)
    }

    @Test("fills a call with no more bytes than it may hold, and with at least one message")
    func bytes() throws {
        var queue = SendQueue()
        let long = String(repeating: "a", count: Limits.bodyBytesMax)
        for _ in 0..<SendQueue.batchEntriesMax { _ = queue.add(try job(long), now: start) }
        let batch = queue.nextBatch(now: start).batch
        #expect(batch.count == SendQueue.batchBytesMax / Limits.bodyBytesMax)
    }

    @Test("refuses at once while the oldest has waited too long, and takes again when it is gone")
    func overload() throws {
        var queue = SendQueue()
        let late = start.advanced(by: SendQueue.ageMax)
        let first = queue.add(try job(), now: start)
        let second = queue.add(try job(at: 2), now: late)
        let batch = queue.nextBatch(now: late).batch
        let third = queue.add(try job(at: 2), now: late)
        #expect([first, second, third] == [true, false, true])
        #expect(batch.count == 1)
    }

    @Test("never holds more than it may")
    func room() throws {
        var queue = SendQueue()
        let one = try job()
        let taken = (0...SendQueue.jobsMax).map { _ in queue.add(one, now: start) }
        #expect(taken.filter { $0 }.count == SendQueue.jobsMax)
        #expect(taken.last == false)
    }

    @Test("hands out those whose time is over apart from the others")
    func expiry() throws {
        var queue = SendQueue()
        let old = try job(at: 0)
        let young = try job(at: 1)
        _ = queue.add(old, now: start)
        _ = queue.add(young, now: start.advanced(by: .seconds(1)))
        let (batch, expired) = queue.nextBatch(now: start.advanced(by: SendJob.deadline))
        #expect(expired.map(\.entry.id) == [old.entry.id])
        #expect(batch.map(\.entry.id) == [young.entry.id])
    }
}
