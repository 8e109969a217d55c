import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import Observability
import ServiceKit
import Synchronization

/// An event on its way to other gateways.
struct RoutedEvent: Sendable {
    let event: Event
    /// When its way began.
    let since: ContinuousClock.Instant
    let trace: TraceContext?
}

/// Events on their way to one peer gateway: a bounded queue, sent in batches, one call in flight. What cannot be sent
/// in time is dropped; the peer's sweep finds it.
final class PeerOutbox: Sendable {
    private static let eventsMax = 20_000
    private static let batchMax = 500
    /// As ``SendQueue/batchBytesMax``.
    private static let batchBytesMax = 64 << 10
    private static let attempt: Duration = .seconds(1)
    /// How long an event may be retried; after that the sweep has delivered it.
    private static let patience: Duration = .seconds(8)

    private struct State {
        var events: [RoutedEvent] = []
        var isSending = false
        var isClosed = false
    }

    let address: String
    private let own: HeartbeatAnswer.Instance
    private let client: ServiceClient
    private let logger: Logger
    private let state = Mutex(State())

    init(own: HeartbeatAnswer.Instance, peer: HeartbeatAnswer.Instance, client: ServiceClient, logger: Logger) {
        self.own = own
        address = peer.address
        self.client = client
        self.logger = logger
    }

    var isEmpty: Bool { state.withLock { $0.events.isEmpty && !$0.isSending } }

    /// Events that wait to be sent.
    var waitingCount: Int { state.withLock { $0.events.count } }

    /// When the way of the oldest of them began.
    var oldest: ContinuousClock.Instant? { state.withLock { $0.events.first?.since } }

    /// Queues events.
    /// - Returns: whether the caller must start ``send()``.
    func add(_ events: [RoutedEvent]) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            let room = Self.eventsMax - state.events.count
            if events.count > room { GatewayMetrics.shared.eventsDropped.increment(by: Int64(events.count - room)) }
            state.events += events.prefix(room)
            defer { state.isSending = true }
            return !state.isSending
        }
    }

    /// Drops what is queued; the peer is gone.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.events = []
        }
    }

    /// Tells the peer that this gateway lives, without waiting for the peer's next heartbeat.
    func greet() async {
        do throws(ServiceCallError) {
            try await deliver([])
        } catch {
            logger.info("a new peer was not greeted", metadata: ["peer": "\(address)", "reason": "\(error)"])
        }
    }

    /// Asks the peer to ask message-service for this gateway's sweep; nil if it cannot either.
    func tips(_ request: TipsRequest, within patience: Duration) async -> TipsAnswer? {
        do throws(ServiceCallError) {
            return try await client.call(TipsRequest.path, body: request, deadline: .after(patience))
        } catch {
            logger.info("a peer had no tips", metadata: ["peer": "\(address)", "reason": "\(error)"])
            return nil
        }
    }

    private func deliver(_ events: [RoutedEvent]) async throws(ServiceCallError) {
        let events = events.map(\.event)
        let _: Done = try await client.call(
            EventsRequest.path, body: EventsRequest(from: own, events: events), attempt: Self.attempt,
            deadline: .after(Self.patience))
    }

    /// Sends until the queue is empty, each batch under the trace of its first.
    func send() async {
        while let batch = nextBatch() {
            await TraceContext.$current.withValue(batch[0].trace) { await send(batch) }
        }
    }

    private func send(_ batch: [RoutedEvent]) async {
        GatewayMetrics.shared.eventBatch.record(batch.count)
        do throws(ServiceCallError) {
            try await deliver(batch)
            GatewayMetrics.shared.eventsOut.increment(by: Int64(batch.count))
            let oldestMessage = batch.first { $0.event.tip != nil }
            if let oldestMessage { GatewayMetrics.shared.deliveredByPeer.record(since: oldestMessage.since) }
        } catch {
            GatewayMetrics.shared.eventsDropped.increment(by: Int64(batch.count))
            logger.warning("events not delivered to a peer", metadata: ["peer": "\(address)", "reason": "\(error)"])
        }
    }

    private func nextBatch() -> [RoutedEvent]? {
        state.withLock { state in
            guard !state.events.isEmpty else {
                state.isSending = false
                return nil
            }
            var bytes = 0
            let count = state.events.prefix(Self.batchMax).prefix { event in
                bytes += event.event.frame.count
                return bytes <= Self.batchBytesMax
            }.count
            let batch = Array(state.events.prefix(max(1, count)))
            state.events.removeFirst(batch.count)
            return batch
        }
    }
}
