import ChatProtocol
import ClientThread
import ServiceKit

/// What people are called, as auth-service says.
struct UserNames: Sendable {
    let auth: ServiceClient

    /// - Throws: ``ParleyError`` `unavailable` while auth-service is away.
    func callAsFunction(_ users: [UserID]) async throws(ParleyError) -> [UserID: UserName] {
        do throws(ServiceCallError) {
            let answer: UserNamesAnswer = try await auth.call(
                UserNamesRequest.path, body: UserNamesRequest(users: users), deadline: .after(.seconds(3)))
            return Dictionary(answer.users.map { ($0.id, $0) }) { first, _ in first }
        } catch {
            throw error.asParleyError
        }
    }
}
