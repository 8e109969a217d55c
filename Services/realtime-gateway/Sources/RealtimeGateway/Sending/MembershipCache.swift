import ChatProtocol
import ClientThread
import ServiceKit
import Synchronization

/// Why a look-up at another service failed, as the client is told.
struct ServiceCallFailure: Error {
    let reason: ParleyError
}

/// Who is in which chat, as message-service said. The members of a direct chat never change, so what is known stays
/// true; the cache is bounded and forgets everything when it is full.
final class MembershipCache: Sendable {
    private static let chatsMax = 50_000

    private let messageService: ServiceClient
    private let chats = Mutex<[ChatHash: [UserID]]>([:])

    init(messageService: ServiceClient) { self.messageService = messageService }

    /// The members, if they are known already.
    func known(_ chat: ChatHash) -> [UserID]? { chats.withLock { $0[chat] } }

    func learn(_ chat: ChatHash, _ members: [UserID]) {
        chats.withLock { chats in
            if chats.count >= Self.chatsMax { chats = [:] }
            chats[chat] = members
        }
    }

    /// The members; none where there is no such chat.
    func members(of chat: ChatHash) async throws(ServiceCallFailure) -> [UserID] {
        if let members = known(chat) { return members }
        do throws(ServiceCallError) {
            let answer: MembersAnswer = try await messageService.call(
                MembersRequest.path, body: MembersRequest(chats: [chat]), deadline: .after(.seconds(2)))
            guard let found = answer.chats.first else { return [] }
            learn(chat, found.members)
            return found.members
        } catch {
            throw ServiceCallFailure(reason: error.asParleyError)
        }
    }
}
