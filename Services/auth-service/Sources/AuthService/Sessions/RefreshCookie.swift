package import ChatProtocol
import HTTPTypes
package import Hummingbird

/// The refresh token as a cookie that no script can read and that goes to `/api/v1/auth` only (OWASP Session
/// Management Cheat Sheet, "Cookies"; RFC 6265bis).
package enum RefreshCookie {
    package static let name = "parley_refresh"
    private static let attributes = "; Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict"

    package static func value(in request: Request) -> String? { request.cookies[name]?.value }

    static func set(_ token: RefreshToken, life: Duration, in response: inout Response) {
        response.headers[.setCookie] = "\(name)=\(token.text); Max-Age=\(life.milliseconds / 1000)" + attributes
    }

    static func clear(in response: inout Response) {
        response.headers[.setCookie] = "\(name)=; Max-Age=0" + attributes
    }

    /// A browser sends the cookie by itself, so the request must be seen to come from the page's own host, in addition
    /// to `SameSite` (OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Verifying Origin With Standard Headers").
    /// - Throws: ``ParleyError`` `forbidden`.
    package static func requireSameOrigin(_ request: Request) throws(ParleyError) {
        let origin = request.headers[.origin]
        guard isSame(origin: origin, host: request.head.authority) else {
            throw ParleyError(.forbidden, "the Origin of the request is not this host")
        }
    }

    package static func isSame(origin: String?, host: String?) -> Bool {
        guard let origin = origin?.lowercased(), let host = host?.lowercased(), !host.isEmpty else { return false }
        return origin == "https://" + host || origin == "http://" + host
    }
}
