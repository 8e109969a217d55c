import ChatProtocol
import CoreMetrics
import NIOCore
import Observability
import ServiceKit

/// The parts of the gateway as its connections use them.
final class Gateway: Sendable {
    let instance: InstanceID
    let authority: SessionAuthority
    let registry: Registry
    let work: WorkQueue
    let sends: SendMessages
    let cursors: CoalesceCursors
    let members: MembershipCache
    let presence: PresenceLink
    let sweep: Sweep
    let health: HealthMonitor
    let connectionLimits: ConnectionLimits
    private let route: RouteEvents
    private let peers: PeerDirectory

    init(
        instance: InstanceID, authority: SessionAuthority, registry: Registry, work: WorkQueue, sends: SendMessages,
        cursors: CoalesceCursors, members: MembershipCache, presence: PresenceLink, sweep: Sweep,
        health: HealthMonitor, route: RouteEvents, peers: PeerDirectory, connectionLimits: ConnectionLimits
    ) {
        self.instance = instance
        self.authority = authority
        self.registry = registry
        self.work = work
        self.sends = sends
        self.cursors = cursors
        self.members = members
        self.presence = presence
        self.sweep = sweep
        self.health = health
        self.route = route
        self.peers = peers
        self.connectionLimits = connectionLimits
    }

    /// Shows events to the connections here and hands them to the other gateways.
    func publish(_ events: [Event], excluding origin: ConnectionRef?) {
        Self.publish(
            events, origins: Array(repeating: origin, count: events.count), answers: [], registry: registry,
            sweep: sweep, route: route)
    }

    /// Writes answers to single connections, shows each event to the connections here but the one it came from, and
    /// hands all of them to the other gateways.
    /// - Parameter committed: of messages: when this gateway learnt that they are committed.
    static func publish(
        _ events: [Event], origins: [ConnectionRef?], answers: [(ConnectionRef, ByteBuffer)],
        committed: ContinuousClock.Instant? = nil, registry: Registry, sweep: Sweep, route: RouteEvents
    ) {
        let local = LocalEvent.all(of: zip(events, origins.map { $0?.id }))
        registry.deliver(answers, events: local, committed: committed)
        sweep.delivered(events.compactMap(\.tip))
        route(events, since: committed ?? .now)
    }

    /// Adds what is read where it is, whenever somebody asks.
    func addMetrics(to metrics: PrometheusMetrics) {
        metrics.read("parley_gateway_signed_in_connections", "WebSockets whose user is known.") { [registry] in
            Double(registry.signedInCount)
        }
        metrics.read("parley_gateway_send_queue_messages", "Messages that wait to be appended.") { [sends] in
            Double(sends.waitingCount)
        }
        metrics.read("parley_gateway_route_queue_events", "Events that wait for a look-up of their way.") { [route] in
            Double(route.waitingCount)
        }
        metrics.read("parley_gateway_outbox_events", "Events that wait to be sent to other gateways.") { [peers] in
            Double(peers.all.map(\.waitingCount).reduce(0, +))
        }
        metrics.read(
            "parley_gateway_outbox_oldest_seconds", "How long the oldest event for another gateway has waited."
        ) { [peers] in
            peers.all.compactMap(\.oldest).map { $0.duration(to: .now).seconds }.max() ?? 0
        }
        metrics.read("parley_gateway_peers", "Other gateways that this one knows to live.") { [peers] in
            Double(peers.count)
        }
    }

    /// Shows the events of another gateway to the connections here.
    func receive(_ events: [Event], from peer: HeartbeatAnswer.Instance) {
        peers.heard(of: peer)
        GatewayMetrics.shared.eventsIn.increment(by: Int64(events.count))
        registry.deliver(events: LocalEvent.all(of: events.map { ($0, nil) }))
        sweep.delivered(events.compactMap(\.tip))
    }
}
