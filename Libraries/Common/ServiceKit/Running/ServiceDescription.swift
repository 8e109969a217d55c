package import ChatProtocol
package import HTTPClient
package import HTTPGuard
package import Hummingbird
package import HummingbirdCore
package import Logging
package import NIOCore
package import Observability
package import ServiceLifecycle
package import Tokens

/// What a service is, before it runs.
package struct ServiceDescription: Sendable {
    package static let version = "0.1.0"

    package let name: String
    package let summary: String
    /// Where the listeners are by default; nil where there is no public one.
    package let listen: Setting?
    package let internalListen: Setting
    /// The service's own settings.
    package let settings: [Setting]
    /// The services that may call this one's internal routes at all.
    package let callers: [String]
    /// Applies the service's migrations; nil where it has no tables.
    package let migrate: (@Sendable (Configuration, Logger) throws -> Void)?
    /// What it can be asked to do by hand besides.
    package let commands: [ServiceCommand]

    package init(
        name: String, summary: String, listen: Setting?, internalListen: Setting, settings: [Setting],
        callers: [String], migrate: (@Sendable (Configuration, Logger) throws -> Void)? = nil,
        commands: [ServiceCommand] = []
    ) {
        self.name = name
        self.summary = summary
        self.listen = listen
        self.internalListen = internalListen
        self.settings = settings
        self.callers = callers
        self.migrate = migrate
        self.commands = commands
    }

    var allSettings: [Setting] {
        [listen, internalListen].compactMap { $0 } + Setting.common + (listen == nil ? [] : Setting.ofPublicListener)
            + settings
    }
}

/// What every service has at hand while it is put together.
package struct ServiceContext: Sendable {
    package let name: String
    package let instance: InstanceID
    package let configuration: Configuration
    package let isDevelopment: Bool
    package let limits: LimitsProfile
    /// Where the requests of the public listener come from.
    package let clientAddress: ClientAddress
    /// How others reach the internal listener.
    package let advertisedAddress: String
    package let logger: Logger
    package let secret: DeploymentSecret
    /// Where services speak https to one another: what this one shows.
    let identity: TLSIdentity?
    package let http: HTTPClient
    package let tokens: ServiceTokenIssuer
    package let readiness: Readiness
    package let metrics: PrometheusMetrics

    /// Connections of one address that is not the edge's, to the public listener and not yet a WebSocket.
    static let connectionsPerAddressMax = 500

    /// The connections of the public listener that are no WebSockets.
    let publicConnections: ConnectionCount

    /// What holds a connection of the public listener to its limits. The edge may have as many as there are.
    package func makePublicGuard(_ channel: any Channel) -> HTTPGuard {
        HTTPGuard(count: publicConnections, holder: clientAddress.holder(ofPeer: channel.remoteAddress?.ipAddress))
    }

    /// A client for calls to another service.
    package func client(for service: String, at setting: Setting) throws -> ServiceClient {
        let targets = try configuration.list(setting)
        guard !targets.isEmpty else { throw ConfigurationError("\(setting.key) names no URL") }
        return ServiceClient(service: service, targets: targets, http: http, tokens: tokens, logger: logger)
    }

    /// A client for calls to one instance of a service.
    package func client(for service: String, at address: String) -> ServiceClient {
        ServiceClient(service: service, targets: [address], http: http, tokens: tokens, logger: logger)
    }
}

/// What a service is made of, as it hands it to the runner.
package struct ServiceParts {
    /// Adds the public routes.
    package var publicRoutes: (@Sendable (Router<ParleyRequestContext>) -> Void)?
    /// Adds the internal routes.
    package var internalRoutes: @Sendable (Router<ParleyRequestContext>) -> Void
    /// Internal routes on the path of every message.
    package var directRoutes: [DirectRoute]
    /// Serves the public port in another way than plain HTTP (the gateway's WebSockets).
    package var publicServer: HTTPServerBuilder?
    /// What runs beside the listeners; stopped after them, the last first.
    package var background: [any Service]
    /// What runs first of all when a stop is asked for, while the listeners still serve.
    package var drain: (@Sendable () async -> Void)?
    /// What runs last.
    package var close: @Sendable () async -> Void

    package init(
        publicRoutes: (@Sendable (Router<ParleyRequestContext>) -> Void)?,
        internalRoutes: @escaping @Sendable (Router<ParleyRequestContext>) -> Void,
        directRoutes: [DirectRoute] = [], publicServer: HTTPServerBuilder? = nil,
        background: [any Service] = [],
        drain: (@Sendable () async -> Void)? = nil, close: @escaping @Sendable () async -> Void = {}
    ) {
        self.publicRoutes = publicRoutes
        self.internalRoutes = internalRoutes
        self.directRoutes = directRoutes
        self.publicServer = publicServer
        self.background = background
        self.drain = drain
        self.close = close
    }
}
