import ChatProtocol
import ClientThread
import HTTPClient
import HTTPGuard
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
package import ServiceKit
import ServiceLifecycle
import WebSocketServer

/// realtime-gateway: holds the WebSockets and routes by chat; owns nothing that lasts.
package enum RealtimeGateway {
    private static let allowedOrigins = Setting(
        "PARLEY_ALLOWED_ORIGINS", default: "",
        "exact origins that may open a WebSocket, comma separated; empty: the host that was asked")
    private static let sweepSwitch = Setting(
        "PARLEY_SWEEP", default: "on", "off only in development: tests of the fast path alone")
    private static let routeLookUp = Setting(
        "PARLEY_ROUTE_LOOKUP", default: "auto", "always: ask presence-service for routes even with few peers")
    private static let dropEvents = Setting(
        "PARLEY_FAULT_DROP_EVENTS", default: "off", "on only in development: events to other gateways are lost")

    package static let description = ServiceDescription(
        name: "realtime-gateway",
        summary: "holds the WebSockets and routes messages by chat",
        listen: .listen("127.0.0.1:8103"),
        internalListen: .internalListen("127.0.0.1:9103"),
        settings: [
            .authURLs, .messageURLs, .presenceURLs, allowedOrigins, sweepSwitch, routeLookUp, dropEvents,
        ],
        callers: ["realtime-gateway", "presence-service", "auth-service"])

    package static func build(_ context: ServiceContext) async throws -> ServiceParts {
        let faults = try readFaults(context)
        let logger = context.logger
        let auth = try context.client(for: "auth-service", at: .authURLs)
        let message = try context.client(for: "message-service", at: .messageURLs)
        let presence = try context.client(for: "presence-service", at: .presenceURLs)

        let work = WorkQueue()
        let calls = WorkQueue(on: context.http.executor)
        let presenceBox = Box<PresenceLink>()
        let registry = Registry(
            loops: MultiThreadedEventLoopGroup.singleton, isBounded: context.limits == .standard,
            onUnregistered: { presenceBox.value?.closed($0) })
        let authority = SessionAuthority(
            auth: auth, logger: logger, onRevoked: { registry.close($0, .sessionRevoked) })
        let own = HeartbeatAnswer.Instance(id: context.instance, address: context.advertisedAddress)
        let peers = PeerDirectory(own: context.instance) { peer in
            PeerOutbox(
                own: own, peer: peer, client: context.client(for: "realtime-gateway", at: peer.address), logger: logger)
        }
        let blocks = RecentBlocks()
        let members = MembershipCache(messageService: message, blocks: blocks)
        let sweep = Sweep(
            messageService: message, peers: peers, registry: registry, isOn: faults.sweep, logger: logger,
            onIsolated: { work.add { await DrainConnections(registry: registry)() } },
            onBlocks: { changes in
                guard let changes else {
                    members.forget()
                    return work.add { await presenceBox.value?.checkAll() }
                }
                blocks.heard(changes)
                members.heard(changes)
                presenceBox.value?.heard(changes)
            })
        let route = RouteEvents(
            peers: peers, presence: presence, calls: calls,
            lookUp: try context.configuration.word(routeLookUp), dropsEvents: faults.dropEvents)
        let presenceLink = PresenceLink(
            instance: context.instance, address: context.advertisedAddress, presence: presence,
            messageService: message, registry: registry, peers: peers, blocks: blocks, logger: logger)
        presenceBox.set(presenceLink)
        let sends = SendMessages(
            messageService: message, executor: context.http.executor, logger: logger
        ) { events, origins, answers, committed in
            Gateway.publish(
                events, origins: origins, answers: answers, committed: committed, registry: registry, sweep: sweep,
                route: route)
        }
        let cursors = CoalesceCursors(messageService: message, logger: logger) { event, origin in
            Gateway.publish([event], origins: [origin], answers: [], registry: registry, sweep: sweep, route: route)
        }
        let health = HealthMonitor(auth: auth, message: message, presence: presence, registry: registry)
        let gateway = Gateway(
            instance: context.instance, authority: authority, registry: registry, work: work, sends: sends,
            cursors: cursors, members: members, presence: presenceLink, sweep: sweep,
            health: health, route: route, peers: peers, connectionLimits: context.limits == .bench ? .none : .standard)

        gateway.addMetrics(to: context.metrics)
        context.readiness.add("signing_keys", required: true) { authority.isLoaded }
        context.readiness.add("first_sweep", required: true) { sweep.hasCursor }
        context.readiness.add("way_to_messages", required: true) { !sweep.isIsolated }
        context.readiness.add("auth-service", required: false) { auth.isUp }
        context.readiness.add("message-service", required: false) { message.isUp }
        context.readiness.add("presence-service", required: false) { presence.isUp }
        let publicRoutes = PublicRoutes(
            authority: authority, sends: sends,
            requests: RateLimiter("send", burst: 500, perSecond: 100, profile: context.limits))
        let internalRoutes = InternalRoutes(gateway: gateway)
        return ServiceParts(
            publicRoutes: publicRoutes.add, internalRoutes: internalRoutes.add, directRoutes: [internalRoutes.events],
            publicServer: try webSockets(context, gateway),
            background: [
                auth, message, presence, authority, work, calls, route, sends, cursors, sweep, presenceLink, health,
                Repeating(every: .seconds(5)) { registry.releaseMemory() },
            ],
            drain: {
                await DrainConnections(registry: registry)()
                await flush(peers, .after(.seconds(2)))
            },
            close: { await presenceLink.goodbye() })
    }

    private static func webSockets(_ context: ServiceContext, _ gateway: Gateway) throws -> HTTPServerBuilder {
        let readiness = context.readiness
        let admission = Admission(
            allowedOrigins: Set(try context.configuration.list(allowedOrigins)),
            isReady: {
                !readiness.isDraining && gateway.sweep.hasCursor && !gateway.sweep.isIsolated
                    && gateway.authority.isLoaded
            },
            connectionCount: { gateway.registry.connectionCount },
            connectionsMax: Descriptors.connectionsMax.webSocket, clientAddress: context.clientAddress,
            places: ConnectionCount(
                totalMax: ConnectionLimits.unauthenticatedMax,
                perHolderMax: context.limits == .standard ? ConnectionLimits.unauthenticatedPerAddressMax : .max))
        let configuration = WebSocketConfiguration(messageBytesMax: Limits.frameBytesMax)
        return HTTPServerBuilder { responder in
            WebSocketChannel(
                responder: responder, configuration: configuration,
                admit: { head, channel throws(OpeningHandshake.Refusal) in try admission.check(head, channel) },
                makePeer: { head, channel in
                    guard let shard = gateway.registry.shard(of: channel.eventLoop) else {
                        preconditionFailure("every channel is on a loop of the one group")
                    }
                    return Session(shard: shard, gateway: gateway, place: admission.enter(head, channel))
                },
                makeGuard: context.makePublicGuard,
                requestExecutor: { EventLoopExecutor($0) })
        }
    }

    private static func readFaults(_ context: ServiceContext) throws -> (sweep: Bool, dropEvents: Bool) {
        let sweep = try context.configuration.word(sweepSwitch, as: Switch.self) == .on
        let dropEvents = try context.configuration.word(Self.dropEvents, as: Switch.self) == .on
        guard context.isDevelopment || (sweep && !dropEvents) else {
            throw ConfigurationError("PARLEY_SWEEP=off and PARLEY_FAULT_* exist in development only")
        }
        return (sweep, dropEvents)
    }

    /// Waits until every outbox is empty.
    private static func flush(_ peers: PeerDirectory, _ deadline: Deadline) async {
        while !deadline.hasPassed, peers.all.contains(where: { !$0.isEmpty }) {
            // Cancelled means that the budget is over.
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
    }
}
