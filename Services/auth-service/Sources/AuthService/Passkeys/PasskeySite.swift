package import ServiceKit
package import WebAuthn

/// Which site passkeys are for: by configuration, or the host that was asked, as with a WebSocket's origin. A browser
/// shows a passkey only to the domain it was made for, so a host that somebody else invents gets none.
package struct PasskeySite: Sendable {
    package static let allowedOrigins = Setting(
        "PARLEY_ALLOWED_ORIGINS", default: "",
        "exact origins whose pages may use passkeys, comma separated; empty: the host that was asked")
    package static let domain = Setting(
        "PARLEY_PASSKEY_DOMAIN", default: "",
        "domain that passkeys are for, the site's host or one it is below; empty: the host. "
            + "Changed, and all passkeys are worth nothing")

    private let origins: [String]
    private let domain: String

    package init(origins: [String], domain: String) {
        self.origins = origins
        self.domain = domain.lowercased()
    }

    /// - Parameter host: what the client asked for: a name, perhaps a port.
    package func relyingParty(host: String?) -> RelyingParty {
        let host = host?.lowercased() ?? ""
        let origins = origins.isEmpty ? ["https://" + host, "http://" + host] : origins
        let own = self.origins.first.map(Self.host) ?? host
        return RelyingParty(id: domain.isEmpty ? Self.name(own) : domain, origins: origins)
    }

    /// `chat.example.org:8443` of `https://chat.example.org:8443`.
    private static func host(of origin: String) -> String {
        String(origin.split(separator: "/", omittingEmptySubsequences: true).last ?? "").lowercased()
    }

    /// A host without its port.
    private static func name(_ host: String) -> String {
        host.hasPrefix("[") ? host : String(host.prefix { $0 != ":" })
    }
}
