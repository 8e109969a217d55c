/// One key of a service's configuration: an environment variable, or `<KEY>_FILE` with the path of a file that holds
/// the value.
package struct Setting: Sendable {
    package let key: String
    /// What holds where the key is not set; nil where it must be set.
    package let defaultValue: String?
    package let help: String

    package init(_ key: String, default defaultValue: String?, _ help: String) {
        self.key = key
        self.defaultValue = defaultValue
        self.help = help
    }
}

package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension Setting {
    /// The keys of every service.
    static let common: [Setting] = [
        environment, deploymentSecret, advertise, tlsCertificate, tlsKey, tlsAuthority, healthListen, limits, logLevel,
        eventLoops, shutdownSeconds, drainDelay,
    ]

    package static let environment = Setting(
        "PARLEY_ENVIRONMENT", default: "production",
        "production or development; fault switches exist in development only")
    package static let deploymentSecret = Setting(
        "PARLEY_DEPLOYMENT_SECRET", default: nil,
        "at least 32 bytes that all services of a deployment share; give it as PARLEY_DEPLOYMENT_SECRET_FILE")
    package static let advertise = Setting(
        "PARLEY_ADVERTISE", default: "",
        "URL of this instance's internal listener for others; default http://<listener>, with the machine's own address "
            + "where it listens on all")
    static let tlsCertificate = Setting(
        "PARLEY_TLS_CERTIFICATE", default: "",
        "PEM, as PARLEY_TLS_CERTIFICATE_FILE: with key and authority, services speak https to one another and both ends "
            + "show a certificate; it is good for both, and names what PARLEY_ADVERTISE names")
    static let tlsKey = Setting("PARLEY_TLS_KEY", default: "", "its private key, PEM; as PARLEY_TLS_KEY_FILE")
    static let tlsAuthority = Setting(
        "PARLEY_TLS_AUTHORITY", default: "",
        "the authority whose certificates are believed, PEM; as PARLEY_TLS_AUTHORITY_FILE")
    static let healthListen = Setting(
        "PARLEY_HEALTH_LISTEN", default: "",
        "host:port for /healthz, /readyz and /metrics alone, by http and without a token; required where the internal "
            + "listener demands certificates, which probes do not have")
    package static let limits = Setting(
        "PARLEY_LIMITS", default: "standard", "standard, or bench: no rate limits, for load tools only")
    package static let logLevel = Setting(
        "PARLEY_LOG_LEVEL", default: "info", "trace, debug, info, notice, warning, error or critical")
    package static let eventLoops = Setting(
        "PARLEY_EVENT_LOOPS", default: "",
        "threads that serve sockets; default one less than there are cores, which leaves one to calls and queries")
    package static let shutdownSeconds = Setting(
        "PARLEY_SHUTDOWN_SECONDS", default: "8", "within which a stop must be over")
    package static let drainDelay = Setting(
        "PARLEY_DRAIN_DELAY_MS", default: "500",
        "how long to go on accepting after a stop was asked for, so that the edge can notice: two of its health intervals"
    )
    package static let authURLs = Setting(
        "PARLEY_AUTH_URLS", default: "http://127.0.0.1:9101", "internal URLs of auth-service, comma separated")
    package static let messageURLs = Setting(
        "PARLEY_MESSAGE_URLS", default: "http://127.0.0.1:9102", "internal URLs of message-service, comma separated")
    package static let presenceURLs = Setting(
        "PARLEY_PRESENCE_URLS", default: "http://127.0.0.1:9104", "internal URLs of presence-service, comma separated")
    package static let databaseURL = Setting(
        "PARLEY_DATABASE_URL", default: nil, "PostgreSQL, as a libpq URI; add sslmode=verify-full for TLS")
    package static let trustedProxies = Setting(
        "PARLEY_TRUSTED_PROXIES", default: "127.0.0.1,::1",
        "addresses and networks (10.0.0.0/8) whose X-Forwarded-For is believed, comma separated")
    static let requests = Setting(
        "PARLEY_REQUESTS_PER_SECOND", default: "500", "requests from one address, ten seconds' worth at once")

    /// The keys of every service with a public listener.
    static let ofPublicListener: [Setting] = [trustedProxies, requests]

    package static func listen(_ address: String) -> Setting {
        Setting("PARLEY_LISTEN", default: address, "public listener, host:port")
    }

    package static func internalListen(_ address: String) -> Setting {
        Setting("PARLEY_INTERNAL_LISTEN", default: address, "internal listener, host:port: services, health, metrics")
    }
}
