import HTTPTypes
package import Hummingbird

/// Finds the address a request really comes from: the rightmost entry of `X-Forwarded-For` that is not a trusted
/// proxy's, believed only where the connection itself comes from one. What a client writes there changes nothing.
package struct ClientAddress: Sendable {
    private let trusted: [AddressRange]

    /// - Parameter trustedProxies: addresses and networks (`10.0.0.0/8`).
    /// - Throws: ``ConfigurationError`` for what is neither.
    package init(trustedProxies: [String]) throws(ConfigurationError) {
        var trusted: [AddressRange] = []
        for text in trustedProxies {
            guard let range = AddressRange(text) else {
                throw ConfigurationError("\(Setting.trustedProxies.key): \"\(text)\" is no address and no network")
            }
            trusted.append(range)
        }
        self.trusted = trusted
    }

    package func of(_ request: Request, _ context: ParleyRequestContext) -> String {
        of(peer: context.peerAddress, forwardedFor: request.headers[.forwardedFor])
    }

    package func of(peer: String, forwardedFor: String?) -> String {
        guard isTrusted(peer), let forwardedFor else { return peer }
        let hops = forwardedFor.split(separator: ",").map { $0.trimmingSpaces() }
        return hops.last { !isTrusted($0) } ?? peer
    }

    /// Who the connections of an address are counted for; nil for a proxy, whose connections are many people's.
    package func holder(ofPeer peer: String?) -> String? {
        guard let peer else { return "unknown" }
        return isTrusted(peer) ? nil : AddressRange.network(of: peer)
    }

    private func isTrusted(_ text: String) -> Bool {
        guard let address = AddressRange.bytes(of: text) else { return false }
        return trusted.contains { $0.contains(address) }
    }
}
