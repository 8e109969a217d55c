import ChatProtocol
import CoreMetrics
import NIOCore
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
    static func publish(
        _ events: [Event], origins: [ConnectionRef?], answers: [(ConnectionRef, ByteBuffer)], registry: Registry,
        sweep: Sweep, route: RouteEvents
    ) {
        let local = zip(events, origins).map { event, origin in
            LocalEvent(recipients: event.recipients, frame: ByteBuffer(bytes: event.frame), excluding: origin?.id)
        }
        registry.deliver(answers, events: local)
        sweep.delivered(events.compactMap(\.tip))
        route(events)
    }

    /// Shows the events of another gateway to the connections here.
    func receive(_ events: [Event], from peer: HeartbeatAnswer.Instance) {
        peers.heard(of: peer)
        GatewayMetrics.eventsIn.increment(by: Int64(events.count))
        registry.deliver(
            events: events.map {
                LocalEvent(recipients: $0.recipients, frame: ByteBuffer(bytes: $0.frame), excluding: nil)
            })
        sweep.delivered(events.compactMap(\.tip))
    }
}
