import ChatProtocol
import ClientThread
import ServiceKit
import Synchronization

/// Which users exist, as auth-service said.
final class KnownUsers: Sendable {
    /// Users known to exist that are remembered, and for how long: accounts can be deleted.
    private static let knownMax = 50_000
    private static let knownFor: Duration = .seconds(60)

    private struct Known {
        var users: Set<UserID> = []
        var since = ContinuousClock.now
    }

    private let auth: ServiceClient
    private let known = Mutex(Known())

    init(auth: ServiceClient) { self.auth = auth }

    /// - Throws: ``ParleyError`` `unavailable` while auth-service is away.
    func exists(_ user: UserID) async throws -> Bool {
        if known.withLock({ $0.since.duration(to: .now) < Self.knownFor && $0.users.contains(user) }) { return true }
        let answer: ExistingUsersAnswer
        do throws(ServiceCallError) {
            answer = try await auth.call(
                ExistingUsersRequest.path, body: ExistingUsersRequest(users: [user]), deadline: .after(.seconds(3)))
        } catch {
            throw error.asParleyError
        }
        guard answer.users.contains(user) else { return false }
        known.withLock { known in
            if known.users.count >= Self.knownMax || known.since.duration(to: .now) >= Self.knownFor { known = Known() }
            known.users.insert(user)
        }
        return true
    }
}
