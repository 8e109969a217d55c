import ChatProtocol
import NIOCore
import NIOHTTP1
import Observability

/// Answers the requests for ``DirectRoute``s of one connection and passes all others on. Where anything about a request
/// is out of the ordinary (another method, a body without a length or with too much of it, a service token not seen
/// before, a `Connection` header) it is passed on too, so that the router alone decides about refusals.
///
/// Requests of a connection are handled one after another: what a client sends before it has its answer is held back.
final class DirectRouteHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Parts of requests that are held back on one connection.
    private static let heldMax = 256

    /// A request that is being read or answered here.
    private struct Call {
        let route: DirectRoute
        let stated: Duration?
        let trace: TraceContext
        let start = ContinuousClock.now
        var body = ByteBuffer()
    }

    private let routes: DirectRoutes
    /// The request whose body is being read, if it is one of ours.
    private var call: Call?
    /// Whether a request was begun whose response has not ended.
    private var isBusy = false
    private var isOurs = false
    private var closesAfterResponse = false
    private var held: [HTTPServerRequestPart] = []

    init(_ routes: DirectRoutes) { self.routes = routes }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard held.isEmpty, !(isBusy && part.isHead) else {
            held.append(part)
            if held.count > Self.heldMax { context.close(promise: nil) }
            return
        }
        take(part, context)
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            isBusy = true
            call = routes.match(head).map { route, fields in
                Call(route: route, stated: fields.patience, trace: fields.trace?.child() ?? .make())
            }
            isOurs = call != nil
            if !isOurs { context.fireChannelRead(wrapInboundOut(part)) }
        case .body(let bytes):
            // No more than was announced: the parser of HTTP sees to that.
            if call?.body.writeImmutableBuffer(bytes) == nil { context.fireChannelRead(wrapInboundOut(part)) }
        case .end:
            guard let whole = call.take() else { return context.fireChannelRead(wrapInboundOut(part)) }
            answer(whole, context)
        }
    }

    private func answer(_ call: Call, _ context: ChannelHandlerContext) {
        let me = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        TraceContext.$current.withValue(call.trace) {
            call.route.handle(Array(call.body.readableBytesView), call.stated) { result in
                if loop.inEventLoop {
                    me.value.handler.write(result, of: call, me.value.context)
                } else {
                    loop.execute { me.value.handler.write(result, of: call, me.value.context) }
                }
            }
        }
    }

    // MARK: Responses

    private func write(_ result: Result<[UInt8], ParleyError>, of call: Call, _ context: ChannelHandlerContext) {
        let (head, body) = DirectRoutes.response(to: result)
        TraceContext.$current.withValue(call.trace) {
            routes.requests.note("POST", call.route.path, status: Int(head.status.code), since: call.start)
        }
        guard context.channel.isActive else { return }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        responseEnded(context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let isEnd = unwrapOutboundIn(data).isEnd
        context.write(data, promise: promise)
        if isEnd { responseEnded(context) }
    }

    private func responseEnded(_ context: ChannelHandlerContext) {
        isBusy = false
        if closesAfterResponse { return context.close(promise: nil) }
        while let part = held.first, !(isBusy && part.isHead) {
            held.removeFirst()
            take(part, context)
        }
    }

    // MARK: The end of a connection

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent where isBusy && isOurs:
            closesAfterResponse = true
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }
}

extension HTTPServerRequestPart {
    fileprivate var isHead: Bool { if case .head = self { true } else { false } }
}

extension HTTPServerResponsePart {
    fileprivate var isEnd: Bool { if case .end = self { true } else { false } }
}
