import ChatProtocol
import ClientThread
import CoreMetrics
import Observability
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Hands events to the gateways where their recipients are. Who is where is asked of presence-service in batches, one
/// call in flight; if that takes longer than 200 ms the events go to every peer, because messaging never waits for
/// presence. With few peers a look-up costs more than it saves and is left out.
final class RouteEvents: Service {
    enum LookUp: String, CaseIterable, Sendable {
        /// Only with more peers than ``RouteEvents/fewPeers``.
        case auto
        case always
    }

    private static let fewPeers = 2
    private static let patience: Duration = .milliseconds(200)
    private static let waitingMax = 50_000
    private static let batchMax = 2000

    private let peers: PeerDirectory
    private let presence: ServiceClient
    private let calls: WorkQueue
    private let lookUp: LookUp
    /// A fault switch of tests: events to peers are lost.
    private let dropsEvents: Bool
    private let waiting = Mutex<[RoutedEvent]>([])
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    init(peers: PeerDirectory, presence: ServiceClient, calls: WorkQueue, lookUp: LookUp, dropsEvents: Bool) {
        self.peers = peers
        self.presence = presence
        self.calls = calls
        self.lookUp = lookUp
        self.dropsEvents = dropsEvents
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes events in. Those of messages are committed by now: who is looked up later cannot be missed for having
    /// connected before.
    /// - Parameter start: when their way began, to measure it by.
    func callAsFunction(_ events: [Event], since start: ContinuousClock.Instant) {
        guard !events.isEmpty, !dropsEvents else { return }
        let count = peers.count
        if count == 0 { return }
        let trace = TraceContext.current
        let events = events.map { RoutedEvent(event: $0, since: start, trace: trace) }
        if lookUp == .auto && count <= Self.fewPeers { return sendToAll(events) }
        let room = waiting.withLock { waiting in
            guard waiting.count + events.count <= Self.waitingMax else { return false }
            waiting += events
            return true
        }
        if room { wakeUp.yield() } else { sendToAll(events) }
    }

    /// Events that wait for a look-up.
    var waitingCount: Int { waiting.withLock { $0.count } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.wake {
                while case let batch = self.nextBatch(), !batch.isEmpty {
                    await TraceContext.$current.withValue(batch[0].trace) { await self.route(batch) }
                }
            }
        }
        sendToAll(waiting.withLock { $0 })
    }

    private func nextBatch() -> [RoutedEvent] {
        waiting.withLock { waiting in
            let batch = Array(waiting.prefix(Self.batchMax))
            waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func route(_ events: [RoutedEvent]) async {
        // A service known to be away is not waited for; its own probes find out when it is back.
        guard presence.isUp else { return fallBack(events) }
        let users = Array(Set(events.flatMap(\.event.everyRecipient)))
        do throws(ServiceCallError) {
            let answer: RoutesAnswer = try await presence.call(
                RoutesRequest.path, body: RoutesRequest(users: users), attempt: Self.patience,
                deadline: .after(Self.patience))
            let routes = Dictionary(answer.routes.map { ($0.user, $0.instances) }) { first, _ in first }
            send(events, along: routes)
        } catch {
            fallBack(events)
        }
    }

    private func fallBack(_ events: [RoutedEvent]) {
        GatewayMetrics.shared.routeFallbacks.increment()
        sendToAll(events)
    }

    private func send(_ events: [RoutedEvent], along routes: [UserID: [InstanceID]]) {
        var byPeer: [InstanceID: [RoutedEvent]] = [:]
        for event in events {
            for instance in Set(event.event.everyRecipient.flatMap { routes[$0] ?? [] }) {
                byPeer[instance, default: []].append(event)
            }
        }
        for (instance, events) in byPeer {
            if let outbox = peers.outbox(of: instance) { send(events, to: outbox) }
        }
    }

    private func sendToAll(_ events: [RoutedEvent]) {
        for outbox in peers.all { send(events, to: outbox) }
    }

    private func send(_ events: [RoutedEvent], to outbox: PeerOutbox) {
        if outbox.add(events) { calls.add { await outbox.send() } }
    }
}
