import ChatProtocol
import ClientThread
import ServiceKit
import Synchronization

/// Why a look-up at another service failed, as the client is told.
struct ServiceCallFailure: Error {
    let reason: ParleyError
}

/// Who is in which chat, and whether one of them blocks the other, as message-service said. The members of a direct chat
/// never change, and of blocks that do the sweep hears, so what is known stays true; the cache is bounded and forgets
/// everything when it is full.
final class MembershipCache: Sendable {
    private static let chatsMax = 50_000

    private let messageService: ServiceClient
    private let blocks: RecentBlocks
    private let chats = Mutex<[ChatHash: ChatMembers]>([:])

    init(messageService: ServiceClient, blocks: RecentBlocks) {
        self.messageService = messageService
        self.blocks = blocks
    }

    /// The members, if they are known already.
    func known(_ chat: ChatHash) -> ChatMembers? { chats.withLock { $0[chat] } }

    /// The members; nil where there is no such chat.
    func members(of chat: ChatHash) async throws(ServiceCallFailure) -> ChatMembers? {
        if let members = known(chat) { return members }
        do throws(ServiceCallError) {
            let answer: MembersAnswer = try await messageService.call(
                MembersRequest.path, body: MembersRequest(chats: [chat]), deadline: .after(.seconds(2)))
            return answer.chats.first.map(learn)
        } catch {
            throw ServiceCallFailure(reason: error.asParleyError)
        }
    }

    /// Takes news of blocks in, after ``RecentBlocks`` has them.
    func heard(_ changes: [BlockChange]) {
        chats.withLock { chats in
            for change in changes {
                let chat = ChatHash(directChatOf: change.one, and: change.other)
                guard let known = chats[chat] else { continue }
                chats[chat] = ChatMembers(chat: chat, members: known.members, blockedSince: change.since)
            }
        }
    }

    /// Nothing that is known need be true any more.
    func forget() { chats.withLock { $0 = [:] } }

    private func learn(_ found: ChatMembers) -> ChatMembers {
        chats.withLock { chats in
            if chats.count >= Self.chatsMax { chats = [:] }
            var members = found
            if let one = found.members.first, let other = found.members.last {
                members = ChatMembers(
                    chat: found.chat, members: found.members,
                    blockedSince: blocks.since(one, other, answer: found.blockedSince))
            }
            chats[found.chat] = members
            return members
        }
    }
}
