import ClientThread
import CoreMetrics
import Logging
import Observability

#if canImport(Glibc)
    import Glibc
#endif

/// The loop of a ``RedisClient``'s thread.
final class RedisLoop {
    /// Commands of one pipeline at most, which bounds the bytes that are in flight both ways.
    private static let pipelineMax = 1024

    private let configuration: RedisConfiguration
    private let inbox: Inbox<RedisRequest>
    private let logger: Logger
    private var handle: RedisHandle?
    private var backoff = ReconnectBackoff()
    private var wasConnected = true
    private let metrics = RedisMetrics()

    init(configuration: RedisConfiguration, inbox: Inbox<RedisRequest>, logger: Logger) {
        self.configuration = configuration
        self.inbox = inbox
        self.logger = logger
    }

    func run() {
        var requests: [RedisRequest] = []
        while true {
            if requests.isEmpty {
                _ = pollDescriptors(
                    [(inbox.wakeDescriptor, POLLIN)], timeout: inbox.isEmpty ? .seconds(30) : .zero)
            }
            requests += inbox.drain()
            if requests.isEmpty && inbox.end() { return }
            if let handle {
                exchangeNext(&requests, on: handle)
            } else {
                connect(failing: &requests)
            }
        }
    }

    /// Sends as many of the requests as one pipeline holds, and answers them.
    private func exchangeNext(_ requests: inout [RedisRequest], on handle: RedisHandle) {
        var batch: [RedisRequest] = []
        var commands: [RedisCommand] = []
        var taken = 0
        for request in requests where commands.count < Self.pipelineMax {
            taken += 1
            if request.deadline.hasPassed {
                request.fail(.unavailable("its deadline passed while it waited"))
            } else {
                batch.append(request)
                commands += request.commands
            }
        }
        requests.removeFirst(taken)
        guard let longest = batch.map(\.deadline.remaining).max() else { return }
        handle.setPatience(longest)
        let start = ContinuousClock.now
        do {
            var replies = try handle.exchange(commands)[...]
            metrics.pipelineTime.record(since: start)
            metrics.pipelineCommands.record(commands.count)
            for request in batch {
                request.continuation.resume(returning: .success(Array(replies.prefix(request.commands.count))))
                replies = replies.dropFirst(request.commands.count)
            }
        } catch {
            logger.error("connection to Redis lost", metadata: ["reason": "\(error)"])
            self.handle = nil
            metrics.connections.decrement()
            metrics.connectionsLost.increment()
            wasConnected = false
            // What came meanwhile has waited long enough: it does not wait for the next connection as well.
            for request in batch + requests + inbox.drain() { request.fail(error) }
            requests = []
        }
    }

    private func connect(failing requests: inout [RedisRequest]) {
        do {
            handle = try RedisHandle(configuration)
            backoff.succeeded()
            metrics.connections.increment()
            if !wasConnected { logger.notice("connected to Redis again") }
            wasConnected = true
        } catch {
            if wasConnected { logger.error("no connection to Redis", metadata: ["reason": "\(error)"]) }
            wasConnected = false
            metrics.connectionFailures.increment()
            let end = Deadline.after(backoff.failed())
            repeat {
                requests += inbox.drain()
                for request in requests { request.fail(error) }
                requests = []
                if inbox.isClosed { return }
                let patience = inbox.isEmpty ? max(.milliseconds(1), end.remaining) : .zero
                _ = pollDescriptors([(inbox.wakeDescriptor, POLLIN)], timeout: patience)
            } while !end.hasPassed
        }
    }
}
