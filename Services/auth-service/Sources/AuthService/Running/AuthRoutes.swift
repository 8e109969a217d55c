import ChatProtocol
import Hummingbird
import HummingbirdCore
import ServiceKit
import StrictJSON
import Tokens

/// The public routes of docs/protocol.md, section 6, "Accounts and sessions" and "Users". They only translate.
struct AuthRoutes: Sendable {
    let useCases: UseCases
    let clientAddress: ClientAddress
    let site: PasskeySite
    /// Refreshes by address prefix, the one thing here that anybody may ask for and that costs a look into the table.
    let refreshLimiter: RateLimiter<String>

    func add(to router: Router<ParleyRequestContext>) {
        let open = router.group("api/v1/auth")
        open.post("register", use: register)
        open.post("login", use: login)
        open.post("refresh", use: refresh)
        router.get(RouterPath(KeySet.path)) { [keys = useCases.keys] request, _ in keySetResponse(keys, to: request) }
        router.get("api/v1/openapi.json") { _, _ in Response.json(PackageResources.openapi_json) }

        let auth = router.group("api/v1/auth").add(middleware: useCases.authentication)
        auth.post("logout", use: logout)
        auth.get("sessions", use: listSessions)
        auth.delete("sessions", use: endOtherSessions)
        auth.delete("sessions/:id", use: endSession)
        auth.post("password", use: changePassword)
        let users = router.group("api/v1/users").add(middleware: useCases.authentication)
        users.get(use: findUsers)
        users.get("me", use: me)
        users.patch("me", use: editProfile)

        for path in ["register", "login", "refresh", "logout", "password"] {
            router.refuseOtherMethods("/api/v1/auth/\(path)", served: [.post])
        }
        router.refuseOtherMethods("/api/v1/auth/sessions", served: [.get, .delete])
        router.refuseOtherMethods("/api/v1/auth/sessions/:id", served: [.delete])
        router.refuseOtherMethods("/api/v1/users", served: [.get])
        router.refuseOtherMethods("/api/v1/users/me", served: [.get, .patch])
        router.refuseOtherMethods(KeySet.path, served: [.get])
        router.refuseOtherMethods("/api/v1/openapi.json", served: [.get])
    }

    // MARK: Without a token

    @Sendable private func register(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(RegisterRequest.self)
        let signedIn = try await useCases.registerUser(body, from: address(request, context))
        return response(signedIn, status: .created, to: request)
    }

    @Sendable private func login(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(SignInRequest.self)
        let (address, mark) = (address(request, context), KnownDevices.shown(by: request))
        switch try await useCases.signIn(body, at: site.of(request), from: address, mark: mark) {
        case .signedIn(let signedIn): return response(signedIn, to: request)
        case .factorRequired(let challenge): return .json(challenge, status: .unauthorized)
        }
    }

    @Sendable private func refresh(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(RefreshRequest.self)
        let address = address(request, context)
        if let wait = refreshLimiter.take(address.prefix) {
            throw ParleyError(.rateLimited, "too many refreshes from this address", retryAfter: wait)
        }
        if let token = body.token {
            return response(try await useCases.refreshSession(token, asCookie: false, from: address))
        }
        guard let token = RefreshCookie.value(in: request) else { throw RefreshSession.refused }
        try RefreshCookie.requireSameOrigin(request)
        return response(try await useCases.refreshSession(token, asCookie: true, from: address))
    }

    // MARK: Sessions

    @Sendable private func logout(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        try await useCases.endSession.own(of: context.requireToken(), from: address(request, context))
        var response = Response.noContent
        if RefreshCookie.value(in: request) != nil { RefreshCookie.clear(in: &response) }
        return response
    }

    @Sendable private func listSessions(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        .json(try await useCases.listSessions(by: context.requireToken()))
    }

    @Sendable private func endSession(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        try await useCases.endSession.other(
            context.parameter("id") { SessionID($0) }, by: context.requireToken(), from: address(request, context))
        return .noContent
    }

    @Sendable private func endOtherSessions(
        _ request: Request, _ context: ParleyRequestContext
    ) async throws -> Response {
        try await useCases.endSession.others(by: context.requireToken(), from: address(request, context))
        return .noContent
    }

    @Sendable private func changePassword(_ request: Request, _ context: ParleyRequestContext) async throws -> Response
    {
        let body = try await request.decode(ChangePasswordRequest.self)
        try await useCases.changePassword(body, by: context.requireToken(), from: address(request, context))
        return .noContent
    }

    // MARK: Users

    @Sendable private func me(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let token = try context.requireToken()
        return .json(try await useCases.findUsers.one(token.user))
    }

    @Sendable private func editProfile(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(EditProfileRequest.self)
        return .json(try await useCases.editProfile(body, by: context.requireToken().user))
    }

    @Sendable private func findUsers(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let token = try context.requireToken()
        // Browsers and most libraries write a space in a query as "+" (URL Standard, section 5).
        let parameters = URI(request.uri.string.replacing("+", with: "%20")).queryParameters
        switch (parameters["query"], parameters["ids"]) {
        case (let query?, nil): return .json(try await useCases.findUsers.matching(String(query), for: token.user))
        case (nil, let ids?): return .json(try await useCases.findUsers.withIDs(String(ids)))
        default: throw ParleyError(.badRequest, "one of query and ids is needed")
        }
    }

    // MARK: Shared

    private func address(_ request: Request, _ context: ParleyRequestContext) -> AddressPrefix {
        AddressPrefix(clientAddress.of(request, context))
    }

    private func response(
        _ signedIn: SignedIn, status: HTTPResponse.Status = .ok, to request: Request? = nil
    ) -> Response {
        useCases.response(signedIn, status: status, to: request)
    }
}

extension UseCases {
    /// The answer to who is signed in, the refresh token in the cookie where that was wanted.
    /// - Parameter request: that of somebody who has shown who they are; their device is known from now on.
    func response(_ signedIn: SignedIn, status: HTTPResponse.Status = .ok, to request: Request?) -> Response {
        var response = Response.json(signedIn, status: status)
        if signedIn.asCookie { RefreshCookie.set(signedIn.refresh, life: sessionLife, in: &response) }
        if let request {
            devices.mark(signedIn.user.username, shown: KnownDevices.shown(by: request), in: &response)
        }
        return response
    }
}
