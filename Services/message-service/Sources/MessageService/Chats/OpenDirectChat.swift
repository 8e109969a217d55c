import ChatProtocol
import ClientThread
import ServiceKit
import Synchronization

/// Gets or creates the direct chat of two users; with oneself it holds notes to self.
final class OpenDirectChat: Sendable {
    /// Users known to exist that are remembered.
    private static let knownMax = 50_000

    private let chats: PostgresChats
    private let auth: ServiceClient
    private let newChatsPerHourMax: Int?
    private let known = Mutex<Set<UserID>>([])

    /// - Parameter newChatsPerHourMax: how many chats a user may make in an hour; nil for any number.
    init(chats: PostgresChats, auth: ServiceClient, newChatsPerHourMax: Int?) {
        self.chats = chats
        self.auth = auth
        self.newChatsPerHourMax = newChatsPerHourMax
    }

    /// Only a chat that does not exist yet counts: then the other has not written to the user. Notes to self never do.
    /// - Throws: ``ParleyError`` `not_found` for a user who does not exist, `rate_limited` for too many new chats.
    func callAsFunction(by user: UserID, with other: UserID) async throws -> Chat {
        let hash = ChatHash(directChatOf: user, and: other)
        if let chat = try await chats.chat(hash, of: user), chat.lastSeq > 0 { return chat }
        guard try await exists(other) else { throw ParleyError(.notFound, "no such user") }
        return try await chats.open(
            hash, by: user, with: other, newChatsPerHourMax: user == other ? nil : newChatsPerHourMax)
    }

    private func exists(_ user: UserID) async throws -> Bool {
        if known.withLock({ $0.contains(user) }) { return true }
        let answer: ExistingUsersAnswer
        do throws(ServiceCallError) {
            answer = try await auth.call(
                ExistingUsersRequest.path, body: ExistingUsersRequest(users: [user]), deadline: .after(.seconds(3)))
        } catch {
            throw error.asParleyError
        }
        guard answer.users.contains(user) else { return false }
        known.withLock { known in
            if known.count >= Self.knownMax { known = [] }
            known.insert(user)
        }
        return true
    }
}
