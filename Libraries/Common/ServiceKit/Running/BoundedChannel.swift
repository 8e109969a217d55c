import HTTPGuard
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// HTTP/1.1 like ``HummingbirdCore/HTTP1Channel``, behind an ``HTTPGuard`` and, on an internal listener, with a
/// ``DirectRouteHandler`` before the tasks.
package struct BoundedChannel: HTTPChannelHandler {
    package let responder: Responder
    private let routes: DirectRoutes?
    private let makeGuard: @Sendable (any Channel) -> HTTPGuard

    init(
        responder: @escaping Responder, routes: DirectRoutes? = nil,
        makeGuard: @escaping @Sendable (any Channel) -> HTTPGuard
    ) {
        self.responder = responder
        self.routes = routes
        self.makeGuard = makeGuard
    }

    package func setup(
        channel: any Channel, logger: Logger
    ) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>> {
        channel.eventLoop.makeCompletedFuture {
            let operations = channel.pipeline.syncOperations
            try operations.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: .bounded)
            try operations.addHandler(makeGuard(channel))
            if let routes { try operations.addHandler(DirectRouteHandler(routes)) }
            try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try operations.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    package func handle(
        value: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger
    ) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}
