import HTTPTypes
package import Hummingbird

/// Finds the address a request really comes from: the rightmost entry of `X-Forwarded-For` that is not a trusted
/// proxy's, believed only where the connection itself comes from one. What a client writes there changes nothing.
package struct ClientAddress: Sendable {
    private let trusted: Set<String>

    package init(trustedProxies: [String]) { trusted = Set(trustedProxies) }

    package func of(_ request: Request, _ context: ParleyRequestContext) -> String {
        of(peer: context.peerAddress, forwardedFor: request.headers[.forwardedFor])
    }

    package func of(peer: String, forwardedFor: String?) -> String {
        guard trusted.contains(peer), let forwardedFor else { return peer }
        let hops = forwardedFor.split(separator: ",").map { $0.trimmingSpaces() }
        return hops.last { !trusted.contains($0) } ?? peer
    }
}
