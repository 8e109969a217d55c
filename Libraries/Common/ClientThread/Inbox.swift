import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A bounded queue from tasks to one thread that waits in `poll(2)`. The thread is woken through a pipe, once per
/// burst and not once per item.
package final class Inbox<Item: Sendable>: Sendable {
    package enum Refusal: Error, CustomStringConvertible {
        case full, closed

        package var description: String { self == .full ? "the queue is full" : "the queue is closed" }
    }

    private struct State {
        var items: [Item] = []
        var closed = false
    }

    private let state = Mutex(State())
    private let itemsMax: Int
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
        let refusal: Refusal? = state.withLock { state in
            guard !state.closed else { return .closed }
            guard state.items.count < itemsMax else { return .full }
            state.items.append(item)
            if state.items.count == 1 { wake() }
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Takes everything out. Called by the thread only.
    package func drain() -> [Item] {
        var wakes = [UInt8](repeating: 0, count: 64)
        while read(wakeDescriptor, &wakes, wakes.count) == wakes.count {}
        return state.withLock { state in
            let items = state.items
            state.items = []
            return items
        }
    }

    package var isClosed: Bool { state.withLock { $0.closed } }

    package var count: Int { state.withLock { $0.items.count } }

    /// Refuses all further items and wakes the thread, which drains what is left and ends.
    package func close() {
        state.withLock { $0.closed = true }
        wake()
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
