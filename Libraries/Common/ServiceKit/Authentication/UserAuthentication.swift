package import ChatProtocol
package import Hummingbird
package import Tokens

/// Demands an access token on public routes, counts the request against its user, and puts the token into the context.
package struct UserAuthentication: RouterMiddleware {
    package typealias Context = ParleyRequestContext

    private let requests: RateLimiter<UserID>
    private let verify: @Sendable (String) async throws -> AccessToken

    /// - Parameter requests: how many are borne of one user.
    package init(authority: SessionAuthority, requests: RateLimiter<UserID>) {
        self.init(requests: requests) { token in try await authority.verify(token) }
    }

    package init(
        requests: RateLimiter<UserID>, verify: @escaping @Sendable (String) async throws -> AccessToken
    ) {
        self.requests = requests
        self.verify = verify
    }

    package func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        guard let token = request.bearerToken else { throw ParleyError(.unauthenticated, "sign in first") }
        var context = context
        let access = try await verify(token)
        try requests.admit(access.user, orRefuse: "too many requests")
        context.token = access
        return try await next(request, context)
    }
}
