import NIOCore
import NIOHTTP1

/// Stands before the upgrade handler. A request for the WebSocket's path is checked and, if it is refused, answered
/// here; from every other request the `Upgrade` header is taken away, because the upgrade handler would lose such a
/// request (swift-nio issue 2632). It also bounds how long a connection may take to its first request.
final class UpgradeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let path: String
    private let firstRequestTimeout: TimeAmount
    private let admit: @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void
    private var timer: Scheduled<Void>?
    private var isFirstRequest = true
    private var isRefusing = false
    /// From the upgrade on: what comes now are frames and no longer HTTP, even while this handler is being removed.
    private var isUpgrading = false

    init(
        path: String, firstRequestTimeout: TimeAmount,
        admit: @escaping @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void
    ) {
        self.path = path
        self.firstRequestTimeout = firstRequestTimeout
        self.admit = admit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: firstRequestTimeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefusing else { return }
        guard !isUpgrading else { return context.fireChannelRead(data) }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let first = isFirstRequest
        isFirstRequest = false
        timer?.cancel()
        guard OpeningHandshake.path(of: head) == path else {
            head.headers.remove(name: "upgrade")
            return context.fireChannelRead(wrapInboundOut(.head(head)))
        }
        do throws(OpeningHandshake.Refusal) {
            try OpeningHandshake.check(head)
            guard first else { throw OpeningHandshake.Refusal(.badRequest, "open a new connection for a WebSocket") }
            try admit(head, context.channel)
            isUpgrading = true
            context.fireChannelRead(data)
        } catch {
            refuse(error, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, isFirstRequest { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// A request that could not be parsed: too many bytes of headers, or none of HTTP's grammar.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard isFirstRequest, !isRefusing else { return context.close(promise: nil) }
        let tooLarge = error == .headerOverflow
        refuse(
            OpeningHandshake.Refusal(
                tooLarge ? .requestHeaderFieldsTooLarge : .badRequest,
                tooLarge ? "the headers are too large" : "this is not an HTTP request"), context)
    }

    private func refuse(_ refusal: OpeningHandshake.Refusal, _ context: ChannelHandlerContext) {
        isRefusing = true
        let code = refusal.status == .serviceUnavailable ? "unavailable" : "bad_request"
        let retryable = refusal.status == .serviceUnavailable
        let body = ByteBuffer(
            string: #"{"error":{"code":"\#(code)","message":"\#(refusal.message)","retryable":\#(retryable)}}"#)
        var headers = HTTPHeaders(refusal.headers)
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "content-length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "connection", value: refusal.status == .upgradeRequired ? "close, Upgrade" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
