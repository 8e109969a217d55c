import ChatProtocol
package import HTTPTypes
package import Hummingbird

extension Router where Context == ParleyRequestContext {
    /// Answers 405 with `Allow` (RFC 9110, section 15.5.6) to the methods a path does not serve, which Hummingbird
    /// would answer 404. Called once per path, after its routes.
    package func refuseOtherMethods(_ path: String, served: [HTTPRequest.Method]) {
        let allow = served.map(\.rawValue).joined(separator: ", ")
        let all: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace]
        for method in all where !served.contains(method) {
            on(RouterPath(path), method: method) { _, _ in
                var response = Response.error(ParleyError(.methodNotAllowed, "this path serves \(allow)"))
                response.headers[.allow] = allow
                return response
            }
        }
    }
}
