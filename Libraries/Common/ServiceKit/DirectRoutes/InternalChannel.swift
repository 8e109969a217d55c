import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// HTTP/1.1 like ``HummingbirdCore/HTTP1Channel``, with a ``DirectRouteHandler`` before the tasks.
package struct InternalChannel: HTTPChannelHandler {
    private static let idleTimeout: TimeAmount = .seconds(75)

    package let responder: Responder
    private let routes: DirectRoutes

    init(responder: @escaping Responder, routes: DirectRoutes) {
        self.responder = responder
        self.routes = routes
    }

    package func setup(
        channel: any Channel, logger: Logger
    ) -> EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>> {
        channel.eventLoop.makeCompletedFuture {
            let operations = channel.pipeline.syncOperations
            try operations.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: .bounded)
            try operations.addHandler(IdleStateHandler(readTimeout: Self.idleTimeout))
            try operations.addHandler(DirectRouteHandler(routes))
            try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            // It hears only of requests that are passed on, so it must not decide that a connection is idle.
            try operations.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
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

extension NIOHTTPDecoderLimitConfiguration {
    /// What a request's head may be at most.
    static var bounded: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 * 1024
        limits.maxHeaderListSize = 32 * 1024
        limits.maxHeaderFieldCount = 100
        return limits
    }
}
