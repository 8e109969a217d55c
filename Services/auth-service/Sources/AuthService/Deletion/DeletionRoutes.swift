import ChatProtocol
import Hummingbird
import ServiceKit

/// The routes of deleted accounts. They only translate.
struct DeletionRoutes: Sendable {
    let useCases: UseCases
    let clientAddress: ClientAddress

    func add(to router: Router<ParleyRequestContext>) {
        router.group("api/v1/users").add(middleware: useCases.authentication).post("me/delete", use: delete)
        router.refuseOtherMethods("/api/v1/users/me/delete", served: [.post])
    }

    func addInternal(to router: Router<ParleyRequestContext>) {
        router.onInternal(DeletionsAnswer.path, method: .get, from: ["message-service"]) { [useCases] request, _ in
            .json(try await useCases.readDeletions(since: request.uri.queryParameters["since"].map(String.init)))
        }
    }

    @Sendable private func delete(_ request: Request, _ context: ParleyRequestContext) async throws -> Response {
        let body = try await request.decode(DeleteAccountRequest.self)
        try await useCases.deleteAccount(
            body, by: context.requireToken(), from: AddressPrefix(clientAddress.of(request, context)))
        return .noContent
    }
}
