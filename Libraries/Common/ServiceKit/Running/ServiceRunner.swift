import ChatProtocol
import HTTPClient
import HTTPGuard
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import Observability
import ServiceLifecycle
import Tokens
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

/// Runs the listeners and the background work of one service under ServiceLifecycle until SIGTERM or SIGINT, then
/// stops in this order: not ready, wait for the edge to notice, drain, public listener, internal listener, background
/// work, close. Past its budget a stop is forced.
struct ServiceRunner {
    private let context: ServiceContext
    private let parts: ServiceParts
    private let services: [any Service]
    private let budget: Duration
    private let logger: Logger

    init(
        _ description: ServiceDescription, _ context: ServiceContext, _ parts: ServiceParts
    ) async throws {
        self.context = context
        self.parts = parts
        logger = context.logger
        let configuration = context.configuration
        budget = .seconds(try configuration.integer(Setting.shutdownSeconds, in: 1...600))
        let delay = Duration.milliseconds(try configuration.integer(Setting.drainDelay, in: 0...60_000))

        let callers = await ServiceTokenVerifier(
            callee: description.name, callers: description.callers, secret: context.secret)
        let internalRequests = RequestLog(listener: "internal", logger: logger)
        let internalRouter = Router(context: ParleyRequestContext.self)
        internalRouter.add(middleware: RequestBoundary(requests: internalRequests, logger: logger))
        internalRouter.add(middleware: ServiceAuthentication(verifier: callers))
        addHealthRoutes(to: internalRouter, readiness: context.readiness, metrics: context.metrics)
        context.readiness.addMetrics(to: context.metrics)
        parts.internalRoutes(internalRouter)
        for route in parts.directRoutes { internalRouter.add(route) }
        let directRoutes = DirectRoutes(parts.directRoutes, verifier: callers, requests: internalRequests)
        let internalConnections = ConnectionCount(totalMax: Descriptors.connectionsMax.http, perHolderMax: .max)
        var internalServer = HTTPServerBuilder { responder in
            OnItsLoop(
                BoundedChannel(responder: responder, routes: directRoutes) { _ in
                    HTTPGuard(count: internalConnections, holder: nil)
                })
        }
        if let identity = context.identity {
            internalServer = try .tls(internalServer, tlsConfiguration: identity.ofListener())
        }

        var services = parts.background
        services.append(
            Self.listener(
                internalRouter, internalServer, try configuration.address(description.internalListen), logger))
        if let listen = description.listen, let addRoutes = parts.publicRoutes {
            let router = Router(context: ParleyRequestContext.self)
            router.add(
                middleware: RequestBoundary(
                    requests: RequestLog(listener: "public", logger: logger), logger: logger, isPublic: true))
            let perSecond = try configuration.integer(Setting.requests, in: 1...1_000_000)
            let limiter = RateLimiter<String>(
                "address", burst: perSecond * 10, perSecond: Double(perSecond), profile: context.limits)
            router.add(middleware: AddressLimit(addresses: context.clientAddress, limiter: limiter))
            addRoutes(router)
            let server =
                parts.publicServer
                ?? HTTPServerBuilder { responder in
                    OnItsLoop(BoundedChannel(responder: responder, makeGuard: context.makePublicGuard))
                }
            services.append(Self.listener(router, server, try configuration.address(listen), logger))
        }
        if let address = try configuration.healthAddress() {
            let router = Router(context: ParleyRequestContext.self)
            router.add(
                middleware: RequestBoundary(
                    requests: RequestLog(listener: "health", logger: logger), logger: logger))
            addHealthRoutes(to: router, readiness: context.readiness, metrics: context.metrics)
            let server = HTTPServerBuilder { responder in
                OnItsLoop(
                    BoundedChannel(responder: responder) { _ in HTTPGuard(count: internalConnections, holder: nil) })
            }
            services.append(Self.listener(router, server, address, logger))
        }
        services.append(Departure(readiness: context.readiness, delay: delay, drain: parts.drain))
        self.services = services
    }

    func run() async throws {
        logger.notice("starting", metadata: ["version": "\(ServiceDescription.version)"])
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = budget
        let group = ServiceGroup(configuration: configuration)
        do {
            try await group.run()
        } catch is CancellationError {
            logger.warning("the stop took longer than its budget and was forced")
        }
        await parts.close()
        context.http.close()
        logger.notice("stopped")
    }

    private static func listener(
        _ router: Router<ParleyRequestContext>, _ server: HTTPServerBuilder, _ address: (host: String, port: Int),
        _ logger: Logger
    ) -> any Service {
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .notice)
        return Application(
            router: router, server: server,
            configuration: .init(address: .hostname(address.host, port: address.port), backlog: 4096),
            logger: quiet)
    }
}

/// The last service of the group and therefore the first to stop: while it leaves, everything else still serves.
private struct Departure: Service {
    let readiness: Readiness
    let delay: Duration
    let drain: (@Sendable () async -> Void)?

    func run() async throws {
        try await gracefulShutdown()
        readiness.startDraining()
        // A cancelled wait only means that there is less time left.
        try? await Task.sleep(for: delay)
        await drain?()
    }
}
