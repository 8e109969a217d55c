import ChatProtocol
import Hummingbird
import ServiceKit

/// What the other services ask.
struct InternalRoutes: Sendable {
    private static let usersMax = 1000

    let useCases: UseCases

    func add(to router: Router<ParleyRequestContext>) {
        router.get(RouterPath(KeySet.path)) { [keys = useCases.keys] request, _ in keySetResponse(keys, to: request) }
        router.onInternal(
            RevocationsAnswer.path, method: .get, from: ["message-service", "realtime-gateway"]
        ) { [useCases] request, _ in
            .json(try await useCases.readRevocations(since: request.uri.queryParameters["since"].map(String.init)))
        }
        router.onInternal(ExistingUsersRequest.path, from: ["message-service"]) { [useCases] request, _ in
            let body = try await request.decode(ExistingUsersRequest.self)
            guard body.users.count <= Self.usersMax else { throw ParleyError(.badRequest, "too many users") }
            return .json(ExistingUsersAnswer(users: try await useCases.accounts.existing(among: body.users)))
        }
        router.onInternal(UserNamesRequest.path, from: ["message-service"]) { [useCases] request, _ in
            let body = try await request.decode(UserNamesRequest.self)
            guard body.users.count <= Self.usersMax else { throw ParleyError(.badRequest, "too many users") }
            let users = try await useCases.accounts.users(ids: body.users)
            return .json(
                UserNamesAnswer(
                    users: users.map { UserName(id: $0.id, username: $0.username, displayName: $0.displayName) }))
        }
    }
}
