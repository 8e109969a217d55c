import ChatProtocol
import Hummingbird
import ServiceKit
import Tokens

/// The public routes of docs/protocol.md, section 6, "Second factors". They only translate.
struct FactorRoutes: Sendable {
    let useCases: UseCases
    let clientAddress: ClientAddress
    let site: PasskeySite

    func add(to router: Router<ParleyRequestContext>) {
        router.post("api/v1/auth/login/factor", use: answer)
        let factors = router.group("api/v1/auth/factors").add(middleware: useCases.authentication)
        factors.get(use: list)
        factors.post("totp", use: offer)
        factors.post("totp/confirm", use: confirm)
        factors.post("totp/remove", use: remove)
        factors.post("recovery-codes", use: replaceCodes)

        router.refuseOtherMethods("/api/v1/auth/login/factor", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors", served: [.get])
        router.refuseOtherMethods("/api/v1/auth/factors/totp", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/totp/confirm", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/totp/remove", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/recovery-codes", served: [.post])
    }

    @Sendable private func answer(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(AnswerChallengeRequest.self)
        let signedIn = try await useCases.answerChallenge(
            body, at: site.of(request), from: address(request, context), mark: KnownDevices.shown(by: request))
        return useCases.response(signedIn, to: request)
    }

    @Sendable private func list(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        .json(try await useCases.listFactors(of: context.requireToken().user))
    }

    @Sendable private func offer(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(ConfirmedRequest.self)
        return .json(
            try await useCases.offerTOTP(body, by: context.requireToken(), from: address(request, context)))
    }

    @Sendable private func confirm(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(ConfirmTOTPRequest.self)
        return .json(
            try await useCases.confirmTOTP(body, by: context.requireToken(), from: address(request, context)))
    }

    @Sendable private func remove(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(ConfirmedRequest.self)
        try await useCases.removeTOTP(body, by: context.requireToken(), from: address(request, context))
        return .noContent
    }

    @Sendable private func replaceCodes(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(ConfirmedRequest.self)
        return .json(
            try await useCases.replaceRecoveryCodes(body, by: context.requireToken(), from: address(request, context)))
    }

    private func address(_ request: Request, _ context: ParleyRequestContext) -> AddressPrefix {
        AddressPrefix(clientAddress.of(request, context))
    }
}
