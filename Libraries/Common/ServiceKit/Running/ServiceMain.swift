import ChatProtocol
import ClientThread
import FoundationEssentials
import HTTPClient
import HTTPGuard
import Logging
import Metrics
import NIOCore
import NIOPosix
import Observability
import ServiceLifecycle
import Tokens

#if canImport(Glibc)
    import Glibc
#endif

/// The one way in for all four services: `<service> [run | migrate | health | --help | --version]`, and what else a
/// service names.
package enum ServiceMain {
    /// - Parameter build: puts the service together; its listeners and health are the runner's.
    package static func run(
        _ description: ServiceDescription, build: @escaping @Sendable (ServiceContext) async throws -> ServiceParts
    ) async -> Never {
        // A peer that closes its end must be an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        ProcessMemory.shareArenas()
        do {
            try await dispatch(description, build: build)
            end(0)
        } catch {
            printError("\(description.name): \(error)")
            end(1)
        }
    }

    /// Without exit handlers: the threads of the C clients are detached, and OpenSSL's handler, among others, would take
    /// away what they may be using at that moment.
    private static func end(_ code: CInt) -> Never {
        fflush(nil)
        _exit(code)
    }

    private static func dispatch(
        _ description: ServiceDescription, build: @Sendable (ServiceContext) async throws -> ServiceParts
    ) async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try Configuration(environment: environment, settings: description.allSettings)
        switch CommandLine.arguments.dropFirst().first ?? "run" {
        case "run": try await serve(description, configuration, build: build)
        case "migrate": try migrate(description, configuration)
        case "health": try await health(description, configuration)
        case "--help", "-h", "help": print(help(for: description))
        case "--version": print("\(description.name) \(ServiceDescription.version)")
        case let other:
            guard let command = description.commands.first(where: { $0.name == other }) else {
                throw ConfigurationError("unknown command \"\(other)\"; try --help")
            }
            let context = CommandContext(
                arguments: Array(CommandLine.arguments.dropFirst(2)), configuration: configuration,
                secret: try makeSecret(configuration), logger: try makeLogger(description, configuration))
            print(try await command.run(context))
        }
    }

    // MARK: Commands

    private static func serve(
        _ description: ServiceDescription, _ configuration: Configuration,
        build: @Sendable (ServiceContext) async throws -> ServiceParts
    ) async throws {
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        metrics.addProcess(service: description.name, version: ServiceDescription.version)
        let logger = try makeLogger(description, configuration)
        // Before anything asks for a loop: then their number is fixed.
        NIOSingletons.groupLoopCountSuggestion =
            try configuration.text(Setting.eventLoops).isEmpty
            ? max(1, System.coreCount - 1) : configuration.integer(Setting.eventLoops, in: 1...1024)
        let context = try await makeContext(description, configuration, logger: logger, metrics: metrics)
        if context.limits == .bench {
            logger.warning("RATE LIMITS ARE OFF (PARLEY_LIMITS=bench): for load tools only, never for users")
        }
        let parts = try await build(context)
        let runner = try await ServiceRunner(description, context, parts)
        try await runner.run()
    }

    private static func migrate(_ description: ServiceDescription, _ configuration: Configuration) throws {
        guard let migrate = description.migrate else { throw ConfigurationError("has no tables of its own") }
        try migrate(configuration, try makeLogger(description, configuration))
    }

    private static func health(_ description: ServiceDescription, _ configuration: Configuration) async throws {
        let address = try configuration.healthAddress() ?? configuration.address(description.internalListen)
        let client = HTTPClient(logger: Logger(label: description.name))
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let answer = try await client.send(
            HTTPClientRequest(url: "http://\(host):\(address.port)/healthz"), deadline: .after(.seconds(3)))
        guard answer.status == 200 else { throw ConfigurationError("not healthy: status \(answer.status)") }
        print("ok")
    }

    private static func help(for description: ServiceDescription) -> String {
        var text = """
            \(description.name) \(ServiceDescription.version): \(description.summary)

            usage: \(description.name) [run]      serve until SIGTERM
            """
        if description.migrate != nil { text += "\n       \(description.name) migrate    apply migrations and end" }
        for command in description.commands {
            for (arguments, help) in command.usage {
                text += "\n       \(description.name) \(command.name) \(arguments)    \(help)"
            }
        }
        text += """

                   \(description.name) health     ask a running instance on this machine; exit 0 or 1
                   \(description.name) --help | --version

            Every key is an environment variable, or <KEY>_FILE with the path of a file holding the value.

            """
        for setting in description.allSettings {
            let value = setting.defaultValue.map { $0.isEmpty ? "(empty)" : $0 } ?? "required"
            text += "\n  \(setting.key) [\(value)]\n      \(setting.help)"
        }
        return text
    }

    // MARK: Parts

    private static func makeLogger(
        _ description: ServiceDescription, _ configuration: Configuration
    ) throws -> Logger {
        let level = try configuration.word(Setting.logLevel, as: Logger.Level.self)
        LoggingSystem.bootstrap { label in JSONLogHandler(label: label, level: level) }
        return Logger(label: description.name)
    }

    private static func makeSecret(_ configuration: Configuration) throws -> DeploymentSecret {
        let text = try configuration.text(Setting.deploymentSecret)
        guard let secret = DeploymentSecret(Array(text.utf8)) else {
            throw ConfigurationError("PARLEY_DEPLOYMENT_SECRET must have at least \(DeploymentSecret.bytesMin) bytes")
        }
        let environment = try configuration.word(Setting.environment, as: EnvironmentKind.self)
        if environment == .production, Set(text.utf8).count < 8 || text.contains("change") {
            throw ConfigurationError(
                "PARLEY_DEPLOYMENT_SECRET looks like a placeholder; make one: openssl rand -hex 32")
        }
        return secret
    }

    private static func makeContext(
        _ description: ServiceDescription, _ configuration: Configuration, logger: Logger, metrics: PrometheusMetrics
    ) async throws -> ServiceContext {
        let secret = try makeSecret(configuration)
        let instance = InstanceID.make()
        var logger = logger
        logger[metadataKey: "instance"] = "\(instance)"
        let listener = try configuration.address(description.internalListen)
        let advertised = try configuration.text(Setting.advertise)
        let identity = try configuration.identity()
        let own = try AdvertisedAddress.ofThisMachine().url(
            ofListenerAt: listener.host, port: listener.port, scheme: identity == nil ? "http" : "https")
        let limits = try configuration.word(Setting.limits, as: LimitsProfile.self)
        return ServiceContext(
            name: description.name, instance: instance, configuration: configuration,
            isDevelopment: try configuration.word(Setting.environment, as: EnvironmentKind.self) == .development,
            limits: limits,
            clientAddress: try ClientAddress(
                trustedProxies: description.listen == nil ? [] : configuration.list(.trustedProxies)),
            advertisedAddress: advertised.isEmpty ? own : advertised,
            logger: logger, secret: secret, identity: identity, http: HTTPClient(identity: identity, logger: logger),
            tokens: ServiceTokenIssuer(caller: description.name, secret: secret), readiness: Readiness(),
            metrics: metrics,
            publicConnections: ConnectionCount(
                totalMax: Descriptors.connectionsMax.http,
                perHolderMax: limits == .standard ? ServiceContext.connectionsPerAddressMax : .max))
    }

    private static func printError(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
