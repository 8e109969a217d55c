import ChatProtocol

/// Gets or creates the direct chat of two users; with oneself it holds notes to self.
struct OpenDirectChat: Sendable {
    let chats: PostgresChats
    let users: KnownUsers
    /// How many chats a user may make in an hour; nil for any number.
    let newChatsPerHourMax: Int?

    /// Only a chat that does not exist yet counts: then the other has not written to the user. Notes to self never do.
    /// - Throws: ``ParleyError`` `not_found` for a user who does not exist, `rate_limited` for too many new chats.
    func callAsFunction(by user: UserID, with other: UserID) async throws -> Chat {
        let hash = ChatHash(directChatOf: user, and: other)
        if let chat = try await chats.chat(hash, of: user), chat.lastSeq > 0 { return chat }
        guard try await users.exists(other) else { throw ParleyError(.notFound, "no such user") }
        return try await chats.open(
            hash, by: user, with: other, newChatsPerHourMax: user == other ? nil : newChatsPerHourMax)
    }
}
