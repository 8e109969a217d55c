// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "parley",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "auth-service", targets: ["auth-service"]),
        .executable(name: "message-service", targets: ["message-service"]),
        .executable(name: "realtime-gateway", targets: ["realtime-gateway"]),
        .executable(name: "presence-service", targets: ["presence-service"]),
        .executable(name: "parley-load", targets: ["parley-load"]),
        .executable(name: "ws-echo", targets: ["ws-echo"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        // Libraries/Common: the C libraries, then one target per job.
        .cLibrary("CLibPQ"),
        .cLibrary("CHiredis"),
        .cLibrary("CMalloc"),
        .cShim("CCurl", links: ["curl"]),
        .cShim("CArgon2", links: ["argon2"]),
        .common("StrictJSON"),
        .common("ChatProtocol", ["StrictJSON", .crypto]),
        .common("ClientThread"),
        .common("HTTPGuard", [.nioCore, .nioHTTP1]),
        .common(
            "Postgres", ["CLibPQ", "ChatProtocol", "ClientThread", "Observability", .coreMetrics, .lifecycle, .logging]),
        .common("Redis", ["CHiredis", "ClientThread", "Observability", .coreMetrics, .crypto, .logging]),
        .common("Observability", ["ChatProtocol", "StrictJSON", .coreMetrics, .logging]),
        .common("HTTPClient", ["CCurl", "ChatProtocol", "ClientThread", .logging]),
        .common("Tokens", ["StrictJSON", "ChatProtocol", .crypto, .jwt]),
        .common(
            "ServiceKit",
            [
                "CMalloc", "ChatProtocol", "ClientThread", "HTTPClient", "HTTPGuard", "Observability", "StrictJSON",
                "Tokens", .hummingbird, .hummingbirdCore, .hummingbirdTLS, .httpTypes, .lifecycle, .logging, .metrics,
                .nioCore, .nioHTTP1, .nioHTTPTypes, .nioHTTPTypesHTTP1, .nioPosix, .nioSSL, .unixSignals,
            ]),

        // Services: a library with everything in it and an executable that starts it.
        .webAuthn,
        .serviceLibrary(
            "AuthService", of: "auth-service", ["CArgon2", "Postgres", "WebAuthn", .crypto, .jwt],
            embedded: ["Migrations", "Description"]),
        .service("auth-service", library: "AuthService"),
        .serviceLibrary("MessageService", of: "message-service", ["Postgres"], embedded: ["Migrations"]),
        .service("message-service", library: "MessageService"),
        .serviceLibrary("PresenceService", of: "presence-service", ["Redis"]),
        .service("presence-service", library: "PresenceService"),
        .webSocket,
        .serviceLibrary(
            "RealtimeGateway", of: "realtime-gateway",
            ["HTTPGuard", "WebSocketServer", .nioHTTP1]),
        .service("realtime-gateway", library: "RealtimeGateway"),
        .webSocketEcho,

        .load,

        // Tests: those of a `…IntegrationTests` target need a PostgreSQL or a Redis.
        .target(
            name: "Support", dependencies: ["ChatProtocol", "Postgres", "Tokens", .crypto, .logging],
            path: "Tests/Support",
            swiftSettings: .shared),
        .tests("StrictJSONTests", ["StrictJSON", "Support"]),
        .tests("ClientThreadTests", ["ClientThread"]),
        .tests("ChatProtocolTests", ["ChatProtocol", "StrictJSON"]),
        .tests("TokensTests", ["ChatProtocol", "StrictJSON", "Tokens", .crypto]),
        .tests("HTTPGuardTests", ["HTTPGuard", .nioCore, .nioEmbedded, .nioHTTP1]),
        .tests("HTTPClientTests", ["ClientThread", "HTTPClient", .logging, .nioCore, .nioPosix, .nioHTTP1]),
        .tests("ObservabilityTests", ["ChatProtocol", "Observability", .coreMetrics]),
        .tests(
            "ServiceKitTests",
            [
                "ChatProtocol", "ClientThread", "HTTPClient", "ServiceKit", "StrictJSON", "Tokens", .hummingbird,
                .logging, .nioCore, .nioEmbedded, .nioHTTP1, .nioPosix,
            ]),
        .tests(
            "WebSocketServerTests", ["HTTPGuard", "WebSocketServer", .nioCore, .nioEmbedded, .nioHTTP1, .nioWebSocket]),
        .tests("RealtimeGatewayTests", ["ChatProtocol", "RealtimeGateway", "Support", "Tokens", .nioCore]),
        .tests("MessageServiceTests", ["ChatProtocol", "MessageService", "Postgres"]),
        .tests("PostgresIntegrationTests", ["ChatProtocol", "ClientThread", "Postgres", "Support"]),
        .tests("RedisIntegrationTests", ["ClientThread", "Redis", "Support"]),
        .tests(
            "MessageServiceIntegrationTests", ["ChatProtocol", "ClientThread", "MessageService", "Postgres", "Support"]),
        .tests("PresenceServiceTests", ["PresenceService", "ChatProtocol"]),
        .tests(
            "PresenceServiceIntegrationTests",
            ["PresenceService", "ChatProtocol", "ClientThread", "Redis", "ServiceKit", .logging]),
        .tests("AuthServiceTests", ["AuthService", "ChatProtocol", "ServiceKit", "StrictJSON", "Tokens", "WebAuthn"]),
        .tests("WebAuthnTests", ["StrictJSON", "Support", "Tokens", "WebAuthn", .crypto]),
        .tests(
            "AuthServiceIntegrationTests",
            [
                "AuthService", "ChatProtocol", "ClientThread", "Postgres", "ServiceKit", "StrictJSON", "Support",
                "Tokens", "WebAuthn", .crypto,
            ]),
    ] + fuzzing
)

/// Only for `./parley fuzz`: they need the fuzzer's runtime, which that command links.
private var fuzzing: [Target] {
    guard Context.environment["PARLEY_FUZZ"] != nil else { return [] }
    return [.systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"), .fuzz]
}

// MARK: - One helper per kind of target

extension [SwiftSetting] {
    static var shared: [SwiftSetting] {
        [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .treatAllWarnings(as: .error),
        ]
    }
}

extension Target {
    static let common = "Libraries/Common"

    /// A module map over an installed C library.
    static func cLibrary(_ name: String) -> Target {
        .systemLibrary(name: name, path: "\(common)/\(name)", pkgConfig: name == "CLibPQ" ? "libpq" : nil)
    }

    /// A C library whose calls Swift cannot import (variadic functions, macros), behind one-line functions.
    static func cShim(_ name: String, links libraries: [String]) -> Target {
        .target(name: name, path: "\(common)/\(name)", linkerSettings: libraries.map { .linkedLibrary($0) })
    }

    static func common(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
        .target(name: name, dependencies: dependencies, path: "\(common)/\(name)", swiftSettings: .shared)
    }

    static func serviceLibrary(
        _ name: String, of service: String, _ dependencies: [Target.Dependency], embedded folders: [String] = []
    ) -> Target {
        .target(
            name: name,
            dependencies: [
                "ChatProtocol", "ClientThread", "HTTPClient", "Observability", "ServiceKit", "StrictJSON", "Tokens",
                .httpTypes,
                .hummingbird, .hummingbirdCore, .lifecycle, .logging, .metrics, .nioCore, .nioPosix,
            ] + dependencies,
            path: "Services/\(service)/Sources/\(name)",
            resources: folders.map { .embedInCode($0) },
            swiftSettings: .shared)
    }

    static func service(_ name: String, library: Target.Dependency) -> Target {
        .executableTarget(
            name: name, dependencies: [library, "ServiceKit"], path: "Services/\(name)/Sources/\(name)",
            swiftSettings: .shared)
    }

    /// The WebSocket protocol over a NIO channel, without a word of chat, so that an echo server can be built from it.
    static var webSocket: Target {
        .target(
            name: "WebSocketServer",
            dependencies: [
                "HTTPGuard", .hummingbirdCore, .httpTypes, .logging, .nioCore, .nioPosix, .nioHTTPTypes, .nioHTTP1,
                .nioHTTPTypesHTTP1, .nioWebSocket,
            ],
            path: "Services/realtime-gateway/Sources/WebSocketServer",
            swiftSettings: .shared)
    }

    /// What browsers and authenticators bring, and the rules by which it is taken; no I/O.
    static var webAuthn: Target {
        .target(
            name: "WebAuthn", dependencies: ["StrictJSON", "Tokens", .crypto],
            path: "Services/auth-service/Sources/WebAuthn", swiftSettings: .shared)
    }

    static var webSocketEcho: Target {
        .executableTarget(
            name: "ws-echo",
            dependencies: [
                "WebSocketServer", .hummingbirdCore, .httpTypes, .lifecycle, .logging, .nioCore, .nioPosix,
                .unixSignals,
            ],
            path: "Services/realtime-gateway/Sources/ws-echo",
            swiftSettings: .shared)
    }

    static var load: Target {
        .executableTarget(
            name: "parley-load",
            dependencies: [
                "ChatProtocol", "ClientThread", "HTTPClient", "Postgres", "StrictJSON", "Tokens", .histogram, .logging,
                .nioCore, .nioPosix, .nioHTTP1, .nioWebSocket,
            ],
            path: "Tests/Load",
            swiftSettings: .shared)
    }

    static var fuzz: Target {
        .executableTarget(
            name: "parley-fuzz",
            dependencies: [
                "CFuzzer", "ChatProtocol", "StrictJSON", "Tokens", "WebAuthn", "WebSocketServer", .crypto, .logging,
                .nioCore, .nioEmbedded, .nioHTTP1, .nioWebSocket,
            ],
            path: "Tests/Fuzz/Targets",
            swiftSettings: .shared)
    }

    static func tests(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
        .testTarget(
            name: name, dependencies: dependencies, path: path ?? "Tests/\(name)", swiftSettings: .shared)
    }
}

extension Target.Dependency {
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let histogram = product(name: "Histogram", package: "hdrhistogram-swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdTLS = product(name: "HummingbirdTLS", package: "hummingbird")
    static let jwt = product(name: "JWTKit", package: "jwt-kit")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
}
