package import ChatProtocol
import ClientThread
package import Hummingbird
import NIOCore
package import Tokens

/// What is known of a request besides itself.
package struct ParleyRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Of an internal request: the service that calls.
    package var caller: String?
    /// Of a public request behind ``UserAuthentication``: who asks.
    package var token: AccessToken?
    /// The address of the other end of the TCP connection.
    package let peerAddress: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }

    /// The signed-in user.
    /// - Throws: ``ParleyError`` `unauthenticated` where the route is not behind ``UserAuthentication``.
    package func requireToken() throws(ParleyError) -> AccessToken {
        guard let token else { throw ParleyError(.unauthenticated, "sign in first") }
        return token
    }
}
