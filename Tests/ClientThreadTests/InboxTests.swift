import ClientThread
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A thread that does with an inbox what the threads of the C clients do, and keeps what it took out.
private final class Reader: Sendable {
    let inbox: Inbox<Int>
    private let taken = Mutex<[Int]>([])
    private let over = Mutex(false)

    init(itemsMax: Int = 1000) {
        inbox = Inbox(itemsMax: itemsMax)
        startThread { [self] in
            while true {
                let items = inbox.drain()
                taken.withLock { $0 += items }
                if items.isEmpty && inbox.end() { break }
                // Far longer than a test waits: a wake that is missed makes it fail.
                let patience: Duration = inbox.isEmpty ? .seconds(600) : .zero
                _ = pollDescriptors([(inbox.wakeDescriptor, POLLIN)], timeout: patience)
            }
            over.withLock { $0 = true }
        }
    }

    var items: [Int] { taken.withLock { $0 } }
    var hasEnded: Bool { over.withLock { $0 } }
}

@Suite("An inbox", .timeLimit(.minutes(1)))
struct InboxTests {
    private func eventually(_ holds: () -> Bool) async throws {
        while !holds() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("wakes its thread for what comes from outside, in order")
    func fromOutside() async throws {
        let reader = Reader()
        defer { reader.inbox.close() }
        for item in 0..<500 {
            try reader.inbox.push(item)
            if item % 100 == 0 { try await eventually { reader.items.count == item + 1 } }
        }
        try await eventually { reader.items == Array(0..<500) }
    }

    @Test("runs tasks on its thread, and their own pushes are not left lying")
    func fromItself() async throws {
        let reader = Reader()
        defer { reader.inbox.close() }
        let inbox = reader.inbox
        for item in 0..<100 {
            let here = await Task(executorPreference: inbox) {
                try? inbox.push(item)  // a refusal would show in what was taken
                return pthread_self()
            }.value
            #expect(here != pthread_self())
            try await eventually { reader.items.count == item + 1 }
        }
    }

    @Test("runs a task that gives way more often than one turn has rounds")
    func manyRounds() async throws {
        let reader = Reader()
        defer { reader.inbox.close() }
        let rounds = await Task(executorPreference: reader.inbox) {
            var rounds = 0
            for _ in 0..<200 {
                await Task.yield()
                rounds += 1
            }
            return rounds
        }.value
        #expect(rounds == 200)
    }

    @Test("refuses what is too much, and everything once it is closed")
    func refusals() async throws {
        let inbox = Inbox<Int>(itemsMax: 2)
        try inbox.push(1)
        try inbox.push(2)
        #expect(throws: Inbox<Int>.Refusal.full) { try inbox.push(3) }
        #expect(inbox.drain() == [1, 2])
        inbox.close()
        #expect(throws: Inbox<Int>.Refusal.closed) { try inbox.push(4) }
        #expect(inbox.end())
    }

    @Test("runs tasks elsewhere once its thread has ended")
    func afterTheEnd() async throws {
        let reader = Reader()
        reader.inbox.close()
        try await eventually { reader.hasEnded }
        #expect(await Task(executorPreference: reader.inbox) { 7 }.value == 7)
    }
}
