import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle
import StrictJSON
import Synchronization

/// Where a send came from and its answer goes.
enum SendOrigin: Sendable {
    case socket(ConnectionRef)
    case request(CheckedContinuation<AppendOutcome, Never>)

    var connection: ConnectionRef? {
        if case .socket(let ref) = self { ref } else { nil }
    }
}

/// The path of every message: appended by message-service in batches, answered to the sender, handed to everybody
/// else. Nothing is routed before it is committed.
///
/// Chats are spread over lanes. Each lane has one call in flight, and what comes meanwhile is the next batch, so that
/// batches grow with the load and nothing waits for a timer.
final class SendMessages: Service {
    /// Within which a send is answered.
    static let deadline: Duration = .seconds(5)
    private static let attempt: Duration = .seconds(1)
    private static let laneCount = 4
    private static let waitingMax = 8192
    private static let batchEntriesMax = 256
    private static let batchBytesMax = 1 << 20

    private struct Job {
        let entry: AppendRequest.Entry
        let origin: SendOrigin
        let submitted: ContinuousClock.Instant
        var deadline: Deadline { Deadline(submitted.advanced(by: SendMessages.deadline)) }
    }

    /// One lane: the jobs that wait, and what wakes its loop.
    private final class Lane: Sendable {
        let waiting = Mutex<[Job]>([])
        let wake: AsyncStream<Void>
        let wakeUp: AsyncStream<Void>.Continuation
        let key: UInt64

        init(key: UInt64) {
            self.key = key
            (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        }
    }

    private let messageService: ServiceClient
    private let publish: @Sendable ([Event], [ConnectionRef?], [(ConnectionRef, ByteBuffer)]) -> Void
    private let logger: Logger
    private let lanes: [Lane]

    /// - Parameter publish: hands stored messages on, each with the connection it came from, after writing the
    ///   answers to single connections.
    init(
        messageService: ServiceClient, logger: Logger,
        publish: @escaping @Sendable ([Event], [ConnectionRef?], [(ConnectionRef, ByteBuffer)]) -> Void
    ) {
        self.messageService = messageService
        self.logger = logger
        self.publish = publish
        // Each lane has a key of its own, by which message-service's instances are chosen.
        lanes = (0..<Self.laneCount).map { Lane(key: UInt64($0)) }
    }

    /// Takes a message in. Its answer goes to the origin.
    func submit(_ entry: AppendRequest.Entry, from origin: SendOrigin) {
        GatewayMetrics.sends.increment()
        let lane = lanes[Int(entry.chat.low % UInt64(lanes.count))]
        let job = Job(entry: entry, origin: origin, submitted: .now)
        let taken = lane.waiting.withLock { waiting in
            guard waiting.count < Self.waitingMax else { return false }
            waiting.append(job)
            return true
        }
        if taken { lane.wakeUp.yield() } else { finish([job], [.refused(.unavailable)]) }
    }

    /// As ``submit(_:from:)``, and waits for the outcome.
    func send(_ entry: AppendRequest.Entry) async -> AppendOutcome {
        await withCheckedContinuation { submit(entry, from: .request($0)) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for lane in self.lanes { group.addTask { await self.run(lane) } }
            }
        }
        for lane in lanes {
            let left = lane.waiting.withLock { $0 }
            finish(left, left.map { _ in .refused(.unavailable) })
        }
    }

    private func run(_ lane: Lane) async {
        for await _ in lane.wake {
            while case let jobs = Self.nextBatch(lane), !jobs.isEmpty {
                finish(jobs, await append(jobs, key: lane.key))
            }
        }
    }

    private static func nextBatch(_ lane: Lane) -> [Job] {
        lane.waiting.withLock { waiting in
            var bytes = 0
            let count = waiting.prefix(batchEntriesMax).prefix { job in
                bytes += job.entry.body.utf8.count
                return bytes <= batchBytesMax
            }.count
            let batch = Array(waiting.prefix(count))
            waiting.removeFirst(count)
            return batch
        }
    }

    /// An unknown outcome is resolved by the same append again, which the client's id makes safe.
    private func append(_ jobs: [Job], key: UInt64) async -> [AppendOutcome] {
        GatewayMetrics.sendBatch.increment()
        do throws(ServiceCallError) {
            let answer: AppendAnswer = try await messageService.call(
                AppendRequest.path, body: AppendRequest(entries: jobs.map(\.entry)), key: key,
                attempt: Self.attempt, deadline: jobs[0].deadline)
            if answer.outcomes.count == jobs.count { return answer.outcomes }
            logger.error("message-service answered another number of outcomes")
        } catch {
            logger.warning("append failed", metadata: ["messages": "\(jobs.count)", "reason": "\(error)"])
        }
        return jobs.map { _ in .refused(.unavailable) }
    }

    /// Answers the senders, then hands the stored messages on.
    private func finish(_ jobs: [Job], _ outcomes: [AppendOutcome]) {
        var answers: [(ConnectionRef, ByteBuffer)] = []
        var events: [Event] = []
        var origins: [ConnectionRef?] = []
        for (job, outcome) in zip(jobs, outcomes) {
            if case .request(let continuation) = job.origin { continuation.resume(returning: outcome) }
            if let ref = job.origin.connection { answers.append((ref, Self.answer(to: job.entry, outcome))) }
            guard case .stored(let seq, let sentAt, let members) = outcome else { continue }
            GatewayMetrics.sendTime.recordNanoseconds(job.submitted.duration(to: .now).nanoseconds)
            let entry = job.entry
            let message = Message(
                chat: entry.chat, seq: seq, id: entry.id, from: entry.from, body: entry.body, sentAt: sentAt)
            events.append(Event(recipients: members, frame: .message(message)))
            origins.append(job.origin.connection)
        }
        publish(events, origins, answers)
    }

    private static func answer(to entry: AppendRequest.Entry, _ outcome: AppendOutcome) -> ByteBuffer {
        let frame: ServerFrame
        switch outcome {
        case .stored(let seq, let sentAt, _):
            frame = .ack(Acknowledgement(id: entry.id, chat: entry.chat, seq: seq, sentAt: sentAt))
        case .refused(let code):
            frame = .error(id: .text(entry.id.description), refusal(code))
        }
        return ByteBuffer(bytes: JSONWriter.encode(frame))
    }

    /// What a sender is told of a message that was not stored.
    static func refusal(_ code: ErrorCode) -> ParleyError {
        switch code {
        case .notFound: .chatNotFound
        case .conflict: ParleyError(.conflict, "another message was sent with this id")
        case .unavailable: .unavailable("not stored yet; repeat with the same id")
        default: ParleyError(.internal, "not stored; repeat with the same id", retryAfter: .seconds(1))
        }
    }
}
