import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import NIOCore
import Observability
import ServiceKit
import ServiceLifecycle
import StrictJSON
import Synchronization

/// The path of every message: appended by message-service in batches, answered to the sender, handed to everybody
/// else. Nothing is routed before it is committed.
///
/// Chats are spread over lanes. Each lane has one call in flight, and what comes meanwhile is the next batch, so that
/// batches grow with the load and nothing waits for a timer.
final class SendMessages: Service {
    /// Events, the connections they come from, answers to single connections, and when this gateway learnt of the commit.
    typealias Publish =
        @Sendable ([Event], [ConnectionRef?], [(ConnectionRef, ByteBuffer)], ContinuousClock.Instant) -> Void

    private static let attempt: Duration = .seconds(1)
    private static let laneCount = 4
    /// What somebody is told to wait who was refused under overload; random, so that they do not come back together.
    private static let pauseAfterOverload: ClosedRange<Double> = 0.5...3

    /// One lane: the jobs that wait, and what wakes its loop.
    private final class Lane: Sendable {
        let queue = Mutex(SendQueue())
        let wake: AsyncStream<Void>
        let wakeUp: AsyncStream<Void>.Continuation
        let key: UInt64

        init(key: UInt64) {
            self.key = key
            (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        }
    }

    private let messageService: ServiceClient
    private let publish: Publish
    private let executor: any TaskExecutor
    private let logger: Logger
    private let lanes: [Lane]

    /// - Parameters:
    ///   - executor: where the lanes run, which do little but call.
    ///   - publish: hands stored messages on, each with the connection it came from, after writing the answers to
    ///     single connections.
    init(
        messageService: ServiceClient, executor: any TaskExecutor, logger: Logger,
        publish: @escaping Publish
    ) {
        self.messageService = messageService
        self.executor = executor
        self.logger = logger
        self.publish = publish
        // Each lane has a key of its own, by which message-service's instances are chosen.
        lanes = (0..<Self.laneCount).map { Lane(key: UInt64($0)) }
    }

    /// Takes a message in. Its answer goes to the origin.
    func submit(_ entry: AppendRequest.Entry, from origin: SendOrigin) {
        let lane = lanes[Int(entry.chat.low % UInt64(lanes.count))]
        let job = SendJob(entry: entry, origin: origin, submitted: .now)
        if lane.queue.withLock({ $0.add(job, now: job.submitted) }) {
            lane.wakeUp.yield()
        } else {
            GatewayMetrics.shared.sendsShed.increment()
            finish([job], [.refused(.unavailable)])
        }
    }

    /// As ``submit(_:from:)``, and waits for the outcome.
    func send(_ entry: AppendRequest.Entry) async -> AppendOutcome {
        await withCheckedContinuation { submit(entry, from: .request($0)) }
    }

    /// Messages that wait to be appended.
    var waitingCount: Int { lanes.map { $0.queue.withLock { $0.waiting.count } }.reduce(0, +) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for lane in self.lanes {
                    group.addTask(executorPreference: self.executor) { await self.run(lane) }
                }
            }
        }
        for lane in lanes {
            refuse(lane.queue.withLock { $0.removeAll() })
        }
    }

    private func run(_ lane: Lane) async {
        for await _ in lane.wake {
            while case (let jobs, let expired) = lane.queue.withLock({ $0.nextBatch(now: .now) }),
                !jobs.isEmpty || !expired.isEmpty
            {
                refuse(expired)
                guard let oldest = jobs.first else { continue }
                GatewayMetrics.shared.sendQueueAge.record(since: oldest.submitted)
                // A batch goes under the trace of its first.
                await TraceContext.$current.withValue(oldest.trace ?? .make()) {
                    finish(jobs, await append(jobs, key: lane.key))
                }
            }
        }
    }

    /// Not stored, as far as is known: their time is over, or this gateway stops.
    private func refuse(_ jobs: [SendJob]) { finish(jobs, jobs.map { _ in .refused(.unavailable) }) }

    /// An unknown outcome is resolved by the same append again, which the client's id makes safe.
    private func append(_ jobs: [SendJob], key: UInt64) async -> [AppendOutcome] {
        GatewayMetrics.shared.sendBatch.record(jobs.count)
        do throws(ServiceCallError) {
            let answer: AppendAnswer = try await messageService.call(
                AppendRequest.path, body: AppendRequest(entries: jobs.map(\.entry)), key: key,
                attempt: Self.attempt, deadline: Deadline(jobs[0].deadline))
            if answer.outcomes.count == jobs.count { return answer.outcomes }
            logger.error("message-service answered another number of outcomes")
        } catch {
            logger.warning("append failed", metadata: ["messages": "\(jobs.count)", "reason": "\(error)"])
        }
        return jobs.map { _ in .refused(.unavailable) }
    }

    /// Answers the senders, then hands the stored messages on.
    private func finish(_ jobs: [SendJob], _ outcomes: [AppendOutcome]) {
        let now = ContinuousClock.now
        var answers: [(ConnectionRef, ByteBuffer)] = []
        var events: [Event] = []
        var origins: [ConnectionRef?] = []
        for (job, outcome) in zip(jobs, outcomes) {
            if case .request(let continuation) = job.origin { continuation.resume(returning: outcome) }
            if let ref = job.origin.connection { answers.append((ref, Self.answer(to: job.entry, outcome))) }
            GatewayMetrics.shared.sends.increment(SendResult(outcome))
            guard case .stored(let seq, let sentAt, let members, let isHidden) = outcome else { continue }
            GatewayMetrics.shared.sendTime.record(since: job.submitted, until: now)
            let entry = job.entry
            let message = Message(
                chat: entry.chat, seq: seq, id: entry.id, from: entry.from, body: entry.body, sentAt: sentAt)
            events.append(Event(message: message, members: members, isHidden: isHidden))
            origins.append(job.origin.connection)
        }
        publish(events, origins, answers, now)
    }

    private static func answer(to entry: AppendRequest.Entry, _ outcome: AppendOutcome) -> ByteBuffer {
        let frame: ServerFrame
        switch outcome {
        case .stored(let seq, let sentAt, _, _):
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
        case .unavailable:
            .unavailable(
                "not stored yet; repeat with the same id", retryAfter: .seconds(.random(in: pauseAfterOverload)))
        default: ParleyError(.internal, "not stored; repeat with the same id", retryAfter: .seconds(1))
        }
    }
}
