import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A bounded queue from tasks to one thread that waits in `poll(2)`. The thread is woken through a pipe, once per
/// burst and not once per item.
///
/// It is also an executor: tasks that prefer it run on that thread, between its other work. A task that only prepares
/// requests and takes answers in then costs no switch of threads, which are most of the price of a single small
/// request (measured: docs/performance.md). Such tasks must be short and must not block.
package final class Inbox<Item: Sendable>: Sendable, TaskExecutor {
    package enum Refusal: Error, CustomStringConvertible {
        case full, closed

        package var description: String { self == .full ? "the queue is full" : "the queue is closed" }
    }

    private struct State {
        var items: [Item] = []
        var jobs: [UnownedJob] = []
        var closed = false
        /// The thread has ended; jobs that still come run elsewhere.
        var ended = false

        var isEmpty: Bool { items.isEmpty && jobs.isEmpty }
    }

    /// Rounds of jobs that one ``drain()`` runs: jobs may make more jobs, and the thread has other work too.
    private static var jobRoundsMax: Int { 16 }

    private let state = Mutex(State())
    private let itemsMax: Int
    /// The thread that drains, once it has begun; it need not be woken by itself.
    private let thread = Atomic<pthread_t>(0)
    /// Readable when there is something to drain or the inbox was closed.
    package let wakeDescriptor: CInt
    private let wakeEnd: CInt

    package init(itemsMax: Int) {
        self.itemsMax = itemsMax
        var ends: [CInt] = [-1, -1]
        precondition(pipe(&ends) == 0, "no pipe: out of file descriptors")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        wakeDescriptor = ends[0]
        wakeEnd = ends[1]
    }

    deinit {
        Glibc.close(wakeDescriptor)
        Glibc.close(wakeEnd)
    }

    /// Puts an item in. The caller keeps it on a refusal and must answer it itself.
    package func push(_ item: Item) throws(Refusal) {
        let (refusal, wasEmpty) = state.withLock { state -> (Refusal?, Bool) in
            guard !state.closed else { return (.closed, false) }
            guard state.items.count < itemsMax else { return (.full, false) }
            defer { state.items.append(item) }
            return (nil, state.isEmpty)
        }
        if let refusal { throw refusal }
        if wasEmpty { wakeFromOutside() }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let (ended, wasEmpty) = state.withLock { state -> (Bool, Bool) in
            guard !state.ended else { return (true, false) }
            defer { state.jobs.append(job) }
            return (false, state.isEmpty)
        }
        if ended { return globalConcurrentExecutor.enqueue(job) }
        if wasEmpty { wakeFromOutside() }
    }

    /// Runs the jobs and takes all items out. Called by the thread only.
    /// - Parameter isWoken: whether ``wakeDescriptor`` may be readable; a thread that has just asked knows.
    package func drain(isWoken: Bool = true) -> [Item] {
        thread.store(pthread_self(), ordering: .relaxed)
        if isWoken {
            var wakes = [UInt8](repeating: 0, count: 64)
            while read(wakeDescriptor, &wakes, wakes.count) == wakes.count {}
        }
        for _ in 0..<Self.jobRoundsMax {
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            if jobs.isEmpty { break }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
        return state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// Whether the thread may wait. Its own pushes do not wake it, so it must ask.
    package var isEmpty: Bool { state.withLock { $0.isEmpty } }

    package var isClosed: Bool { state.withLock { $0.closed } }

    package var count: Int { state.withLock { $0.items.count } }

    /// Refuses all further items and wakes the thread, which drains what is left and ends.
    package func close() {
        state.withLock { $0.closed = true }
        wake()
    }

    /// Called by the thread when it has nothing left to do.
    /// - Returns: whether it may end: the inbox was closed and is empty.
    package func end() -> Bool {
        state.withLock { state in
            state.ended = state.closed && state.isEmpty
            return state.ended
        }
    }

    private func wakeFromOutside() {
        if thread.load(ordering: .relaxed) != pthread_self() { wake() }
    }

    private func wake() {
        var one: UInt8 = 1
        _ = write(wakeEnd, &one, 1)
    }
}

/// Runs `body` on a new thread of its own. The thread is detached: `body` ends it by returning.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
        let body: @Sendable () -> Void
        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Start(body: body)).toOpaque()
    let failure = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, argument)
    precondition(failure == 0, "no thread: out of resources")
    pthread_detach(thread)
}

/// Waits until one of the descriptors is ready.
/// - Returns: the ready events of each descriptor; all zero on a time-out.
package func pollDescriptors(
    _ descriptors: [(descriptor: CInt, events: Int32)], timeout: Duration
) -> [Int32] {
    var entries = descriptors.map { pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0) }
    let (seconds, attoseconds) = min(timeout, .seconds(3600)).components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    _ = poll(&entries, nfds_t(entries.count), CInt(max(0, milliseconds)))
    return entries.map { Int32($0.revents) }
}

/// The waits between attempts to connect again: doubling from 100 ms to 500 ms, each shortened by up to half at random,
/// so that many instances do not come back in step.
package struct ReconnectBackoff: Sendable {
    private var next: Duration = .milliseconds(100)

    package init() {}

    package mutating func failed() -> Duration {
        let full = next
        next = min(next * 2, .milliseconds(500))
        return full * Double.random(in: 0.5...1)
    }

    package mutating func succeeded() { next = .milliseconds(100) }
}
