package import HTTPGuard
package import HummingbirdCore
package import Logging
package import NIOCore
package import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// How a ``WebSocketChannel`` behaves.
package struct WebSocketConfiguration: Sendable {
    /// Where the WebSocket is; every other path is plain HTTP.
    package var path: String
    package var messageBytesMax: Int
    /// What may wait for a peer that does not read.
    package var backlog: OutboundBacklog.Limits
    /// How long the closing handshake may take.
    package var closeTimeout: TimeAmount

    package init(
        path: String = "/ws", messageBytesMax: Int = 65_536, backlog: OutboundBacklog.Limits = .init(),
        closeTimeout: TimeAmount = .seconds(2)
    ) {
        self.path = path
        self.messageBytesMax = messageBytesMax
        self.backlog = backlog
        self.closeTimeout = closeTimeout
    }
}

/// A Hummingbird server on which one path is a WebSocket and the rest is HTTP. After the upgrade no task and no HTTP
/// handler is left on the connection, only the frame codec and a ``WebSocketHandler``.
package struct WebSocketChannel: HTTPChannelHandler {
    package struct Value: ServerChildChannelValue {
        let result: EventLoopFuture<UpgradeResult>
        package let channel: any Channel
    }

    enum UpgradeResult: Sendable {
        case webSocket
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    }

    package let responder: Responder
    private let configuration: WebSocketConfiguration
    private let admit: @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void
    private let makePeer: @Sendable (HTTPRequestHead, any Channel) -> any WebSocketPeer
    private let makeGuard: @Sendable (any Channel) -> HTTPGuard
    private let requestExecutor: @Sendable (any EventLoop) -> (any TaskExecutor)?

    /// What is read at a time. Chat frames are small, and every connection keeps one buffer of this size from its first
    /// byte on.
    private static let receiveBufferBytes = 1024

    /// - Parameters:
    ///   - admit: throws to refuse an opening handshake that is correct in itself.
    ///   - makePeer: called on the connection's event loop once it is upgraded.
    ///   - makeGuard: what holds a connection to its limits until it is upgraded.
    ///   - requestExecutor: where the requests of a connection of this loop are handled; nil for the threads that all
    ///     tasks share. WebSockets have no task that it could be asked for.
    package init(
        responder: @escaping Responder, configuration: WebSocketConfiguration,
        admit: @escaping @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void,
        makePeer: @escaping @Sendable (HTTPRequestHead, any Channel) -> any WebSocketPeer,
        makeGuard: @escaping @Sendable (any Channel) -> HTTPGuard = { _ in
            HTTPGuard(count: .unbounded, holder: nil)
        },
        requestExecutor: @escaping @Sendable (any EventLoop) -> (any TaskExecutor)? = { _ in nil }
    ) {
        self.responder = responder
        self.configuration = configuration
        self.admit = admit
        self.makePeer = makePeer
        self.makeGuard = makeGuard
        self.requestExecutor = requestExecutor
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.receiveBufferBytes))
            let upgrades = NIOTypedHTTPServerUpgradeConfiguration<UpgradeResult>(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.makeHTTP(channel, logger) }
                })
            var pipeline = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrades)
            pipeline.enablePipelining = false
            pipeline.enableErrorHandling = false
            pipeline.decoderConfiguration = .bounded
            let operations = channel.pipeline.syncOperations
            let result = try operations.configureUpgradableHTTPServerPipeline(configuration: pipeline)
            let upgradeHandler = try operations.handler(type: NIOTypedHTTPServerUpgradeHandler<UpgradeResult>.self)
            let httpGuard = makeGuard(channel)
            let upgradeGuard = UpgradeGuard(path: configuration.path, httpGuard: httpGuard, admit: admit)
            try operations.addHandlers([httpGuard, upgradeGuard], position: .before(upgradeHandler))
            return Value(result: result, channel: channel)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        do {
            if case .http(let channel) = try await value.result.get() {
                await withTaskExecutorPreference(requestExecutor(value.channel.eventLoop)) {
                    await handleHTTP(asyncChannel: channel, logger: logger)
                }
            }
        } catch {
            // Closed before the first request, or a request that was refused: nothing is left to do.
            logger.trace("no request", metadata: ["reason": "\(error)"])
        }
    }

    private var upgrader: NIOTypedWebSocketServerUpgrader<UpgradeResult> {
        NIOTypedWebSocketServerUpgrader(
            maxFrameSize: configuration.messageBytesMax, enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture { try makeWebSocket(channel, head) }
            })
    }

    private func makeWebSocket(_ channel: any Channel, _ head: HTTPRequestHead) throws -> UpgradeResult {
        let operations = channel.pipeline.syncOperations
        operations.removeHandler(try operations.handler(type: UpgradeGuard.self), promise: nil)
        operations.removeHandler(try operations.handler(type: HTTPGuard.self), promise: nil)
        let options = channel.syncOptions
        try options?.setOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
        // Otherwise the kernel itself holds up to 4 MiB for a peer that does not read. It doubles what it is given.
        try options?.setOption(.socketOption(.so_sndbuf), value: 64 * 1024)
        let socket = WebSocket(
            channel: channel, backlog: configuration.backlog, closeTimeout: configuration.closeTimeout)
        try operations.addHandler(
            WebSocketHandler(
                peer: makePeer(head, channel), socket: socket, messageBytesMax: configuration.messageBytesMax))
        return .webSocket
    }

    private static func makeHTTP(_ channel: any Channel, _ logger: Logger) throws -> UpgradeResult {
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try operations.addHandler(HTTPConnectionStateHandler(logger: logger))
        return .http(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
    }
}
