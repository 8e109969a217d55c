import ChatProtocol
import HTTPTypes
import Hummingbird
import ServiceKit
import StrictJSON
import WebAuthn

/// The public routes of docs/protocol.md, section 6, "Passkeys". They only translate.
struct PasskeyRoutes: Sendable {
    let useCases: UseCases
    let clientAddress: ClientAddress
    let site: PasskeySite

    func add(to router: Router<ParleyRequestContext>) {
        let open = router.group("api/v1/auth/passkeys")
        open.post("options", use: signInOptions)
        open.post("login", use: signIn)
        let mine = router.group("api/v1/auth/factors/passkeys").add(middleware: useCases.authentication)
        mine.post("options", use: enrolmentOptions)
        mine.post(use: enrol)
        mine.post(":id/remove", use: remove)

        router.refuseOtherMethods("/api/v1/auth/passkeys/options", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/passkeys/login", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/passkeys/options", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/passkeys", served: [.post])
        router.refuseOtherMethods("/api/v1/auth/factors/passkeys/:id/remove", served: [.post])
    }

    @Sendable private func signInOptions(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        _ = try await request.decode(Nothing.self)
        return .json(useCases.signInWithPasskey.options(at: site.of(request)))
    }

    @Sendable private func signIn(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(PasskeySignInRequest.self)
        let signedIn = try await useCases.signInWithPasskey(
            body, at: site.of(request), from: address(request, context))
        return useCases.response(signedIn, to: request)
    }

    @Sendable private func enrolmentOptions(
        _ request: Request, _ context: ParleyRequestContext
    ) async throws -> Response {
        let body = try await request.decode(ConfirmedRequest.self)
        return .json(
            try await useCases.enrolPasskey.options(
                body, by: context.requireToken(), at: site.of(request), from: address(request, context)))
    }

    @Sendable private func enrol(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(EnrolPasskeyRequest.self)
        return .json(
            try await useCases.enrolPasskey(
                body, by: context.requireToken(), at: site.of(request), from: address(request, context)),
            status: .created)
    }

    @Sendable private func remove(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(ConfirmedRequest.self)
        let passkey = try context.parameter("id") { Passkey.ID($0) }
        try await useCases.removePasskey(
            passkey, body, by: context.requireToken(), from: address(request, context))
        return .noContent
    }

    private func address(_ request: Request, _ context: ParleyRequestContext) -> AddressPrefix {
        AddressPrefix(clientAddress.of(request, context))
    }
}

/// An object of which no field is looked at.
private struct Nothing: JSONDecodable {
    init(json: JSONValue, field: String) {}
}

extension PasskeySite {
    func of(_ request: Request) -> RelyingParty { relyingParty(host: request.head.authority) }
}
