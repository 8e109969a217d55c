package import NIOCore
package import NIOHTTP1

/// Why a connection is ended with an answer that no handler of requests gives.
package struct HTTPRefusal: Error {
    package let status: HTTPResponseStatus
    package let message: String
    package var headers: [(String, String)]

    package init(_ status: HTTPResponseStatus, _ message: String, headers: [(String, String)] = []) {
        self.status = status
        self.message = message
        self.headers = headers
    }
}

/// Stands behind HTTP's decoder and holds a connection to its limits: a place among the others, patience with heads,
/// bodies and readers, heads that can be read. Slow connections cost a place and no more, and only for so long
/// (CWE-400; the attacks of slowhttptest).
///
/// What it refuses, or is told to, is answered so that the client can read it: after the answer only this side is closed,
/// and what still comes is thrown away for a while, because closing on unread bytes would make the kernel send a reset,
/// which can overtake the answer (RFC 9112, section 9.6).
package final class HTTPGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    /// How long a refused client may take to read its answer and go.
    package static let lingerMax: TimeAmount = .seconds(5)

    private enum Role {
        case guarding
        /// The last answer was written.
        case ending
        /// What comes is HTTP no longer.
        case aside
    }

    private let limits: RequestPace.Limits
    private let count: ConnectionCount
    private let holder: String?
    private var place: ConnectionCount.Place?
    private var pace: RequestPace
    private var role = Role.guarding
    private var isAnswering = false
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var context: ChannelHandlerContext?

    /// - Parameter holder: who the connection is counted for; nil for one who may have as many as there are.
    package init(_ limits: RequestPace.Limits = .init(), count: ConnectionCount, holder: String?) {
        self.limits = limits
        self.count = count
        self.holder = holder
        pace = RequestPace(limits, now: .distantPast)
    }

    /// Lets everything pass from now on: the connection is upgraded, and this handler about to be removed.
    package func stepAside() {
        role = .aside
        place = nil
        timer?.task.cancel()
        timer = nil
    }

    /// Ends the connection with this answer.
    package func refuse(_ refusal: HTTPRefusal) {
        guard role == .guarding, let context else { return }
        // In the middle of another request's answer there is no room for one.
        guard !isAnswering, pace.unanswered <= 1 else { return context.close(promise: nil) }
        role = .ending
        let isTemporary = [.serviceUnavailable, .requestTimeout].contains(refusal.status)
        let code = isTemporary ? "unavailable" : "bad_request"
        let body = ByteBuffer(
            string: #"{"error":{"code":"\#(code)","message":"\#(refusal.message)","retryable":\#(isTemporary)}}"#)
        var headers = HTTPHeaders(refusal.headers + AnswerHeaders.security)
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "cache-control", value: "no-store")
        headers.add(name: "content-length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "connection", value: refusal.status == .upgradeRequired ? "close, Upgrade" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        wake(at: context.eventLoop.now + Self.lingerMax)
        context.read()
    }

    // MARK: The connection

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        pace = RequestPace(limits, now: context.eventLoop.now)
        watch()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        stepAside()
        self.context = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        place = count.enter(holder)
        guard place != nil else { return context.close(promise: nil) }
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stepAside()
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (role, event) {
        case (.ending, ChannelEvent.inputClosed), (.ending, is ChannelShouldQuiesceEvent):
            context.close(promise: nil)
        case (.guarding, is ChannelShouldQuiesceEvent) where pace.unanswered == 0:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// A request that could not be parsed: too many bytes of headers, or none of HTTP's grammar.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch role {
        case .ending: return
        case .guarding where error is HTTPParserError && !isAnswering:
            let isTooLarge = error as? HTTPParserError == .headerOverflow
            refuse(
                isTooLarge
                    ? HTTPRefusal(.requestHeaderFieldsTooLarge, "the headers are too large")
                    : HTTPRefusal(.badRequest, "this is not an HTTP request"))
        default: context.fireErrorCaught(error)
        }
    }

    // MARK: Requests and answers

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch role {
        case .ending: return
        case .aside: return context.fireChannelRead(data)
        case .guarding: break
        }
        switch unwrapInboundIn(data) {
        case .head(let head):
            pace.headRead(now: context.eventLoop.now)
            do {
                return context.fireChannelRead(wrapInboundOut(.head(try PlainHead.read(head))))
            } catch {
                return refuse(error)
            }
        case .body: break
        case .end: pace.endRead()
        }
        context.fireChannelRead(data)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        switch role {
        // Nobody behind this handler asks for more.
        case .ending: return context.read()
        case .guarding: watch()
        case .aside: break
        }
        context.fireChannelReadComplete()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch role {
        case .ending: promise?.fail(ChannelError.ioOnClosedChannel)
        case .aside: context.write(data, promise: promise)
        case .guarding:
            switch unwrapOutboundIn(data) {
            case .head: isAnswering = true
            case .body: break
            case .end:
                isAnswering = false
                pace.answered(now: context.eventLoop.now)
                watch()
            }
            context.write(data, promise: promise)
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if role == .guarding {
            pace.becameWritable(context.channel.isWritable, now: context.eventLoop.now)
            watch()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Time

    private func watch() {
        if let deadline = pace.deadline { wake(at: deadline.at) }
    }

    /// One timer at a time, which is set anew only for something sooner: a connection in use costs none.
    private func wake(at time: NIODeadline) {
        guard let context, timer.map({ time < $0.at || role == .ending }) ?? true else { return }
        timer?.task.cancel()
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = (time, context.eventLoop.scheduleTask(deadline: time) { me.value.timeHasCome() })
    }

    private func timeHasCome() {
        timer = nil
        guard let context else { return }
        if role == .ending { return context.close(promise: nil) }
        guard let deadline = pace.deadline else { return }
        guard deadline.at <= context.eventLoop.now else { return wake(at: deadline.at) }
        if deadline.lateness == .body, !isAnswering {
            refuse(HTTPRefusal(.requestTimeout, "the body took too long"))
        } else {
            // What the decoder says of half a head when the connection ends is no reason for an answer.
            role = .ending
            context.close(promise: nil)
        }
    }
}
