import ChatProtocol
package import Hummingbird
package import Tokens

/// Demands an access token on public routes and puts it into the context.
package struct UserAuthentication: RouterMiddleware {
    package typealias Context = ParleyRequestContext

    private let verify: @Sendable (String) async throws -> AccessToken

    package init(authority: SessionAuthority) {
        verify = { token in try await authority.verify(token) }
    }

    package init(verify: @escaping @Sendable (String) async throws -> AccessToken) {
        self.verify = verify
    }

    package func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let token = request.bearerToken else { throw ParleyError(.unauthenticated, "sign in first") }
        var context = context
        context.token = try await verify(token)
        return try await next(request, context)
    }
}
