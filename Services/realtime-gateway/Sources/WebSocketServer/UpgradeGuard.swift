import HTTPGuard
import NIOCore
import NIOHTTP1

/// Stands between the ``HTTPGuard`` and the upgrade handler. A request for the WebSocket's path is checked and, if it is
/// refused, answered by the guard; from every other request the `Upgrade` header is taken away, because the upgrade
/// handler would lose such a request (swift-nio issue 2632).
final class UpgradeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let path: String
    private let httpGuard: HTTPGuard
    private let admit: @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void
    private var isFirstRequest = true
    /// From the upgrade on: what comes now are frames and no longer HTTP, even while this handler is being removed.
    private var isUpgrading = false

    init(
        path: String, httpGuard: HTTPGuard,
        admit: @escaping @Sendable (HTTPRequestHead, any Channel) throws(OpeningHandshake.Refusal) -> Void
    ) {
        self.path = path
        self.httpGuard = httpGuard
        self.admit = admit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isUpgrading else { return context.fireChannelRead(data) }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let first = isFirstRequest
        isFirstRequest = false
        guard OpeningHandshake.path(of: head) == path else {
            head.headers.remove(name: "upgrade")
            return context.fireChannelRead(wrapInboundOut(.head(head)))
        }
        do throws(OpeningHandshake.Refusal) {
            try OpeningHandshake.check(head)
            guard first else { throw OpeningHandshake.Refusal(.badRequest, "open a new connection for a WebSocket") }
            try admit(head, context.channel)
            isUpgrading = true
            httpGuard.stepAside()
            context.fireChannelRead(data)
        } catch {
            httpGuard.refuse(error)
        }
    }
}
