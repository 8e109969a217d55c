import ChatProtocol
package import HTTPTypes
package import Hummingbird
import Tokens

/// Demands a service token on `/internal/*`. Health and metrics on the same listener need none.
struct ServiceAuthentication: RouterMiddleware {
    typealias Context = ParleyRequestContext

    let verifier: ServiceTokenVerifier

    func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path.hasPrefix("/internal/") else { return try await next(request, context) }
        guard let token = request.bearerToken, let caller = try? await verifier.verify(token) else {
            throw ParleyError(.unauthenticated, "a service token is needed")
        }
        var context = context
        context.caller = caller
        return try await next(request, context)
    }
}

extension Request {
    /// The token of an `Authorization: Bearer` header (RFC 6750, section 2.1).
    package var bearerToken: String? {
        guard let value = headers[.authorization], value.count > 7, value.prefix(7).lowercased() == "bearer " else {
            return nil
        }
        return String(value.dropFirst(7))
    }
}

extension RouterMethods where Context == ParleyRequestContext {
    /// An internal route that only the named services may call.
    package func onInternal(
        _ path: String, method: HTTPRequest.Method = .post, from callers: [String],
        _ handle: @escaping @Sendable (Request, ParleyRequestContext) async throws -> Response
    ) {
        on(RouterPath(path), method: method) { request, context in
            guard let caller = context.caller, callers.contains(caller) else {
                throw ParleyError(.forbidden, "this service may not call this route")
            }
            return try await handle(request, context)
        }
    }
}
