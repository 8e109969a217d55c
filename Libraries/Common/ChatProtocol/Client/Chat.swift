package import StrictJSON

/// A chat as one of its members sees it. The same schema in the list, in sync and by itself.
package struct Chat: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package let userID: UserID
        package let delivered: Int64
        package let read: Int64

        package init(userID: UserID, delivered: Int64, read: Int64) {
            self.userID = userID
            self.delivered = delivered
            self.read = read
        }
    }

    package let hash: ChatHash
    package let kind: String
    package let lastSeq: Int64
    /// `last_seq` − this member's read cursor.
    package let unread: Int64
    package let lastMessage: Message?
    package let members: [Member]

    package init(
        hash: ChatHash, kind: String, lastSeq: Int64, unread: Int64, lastMessage: Message?, members: [Member]
    ) {
        self.hash = hash
        self.kind = kind
        self.lastSeq = lastSeq
        self.unread = unread
        self.lastMessage = lastMessage
        self.members = members
    }
}

extension Chat.Member: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("user_id", userID)
            json.field("delivered", delivered)
            json.field("read", read)
        }
    }
}

extension Chat: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", hash)
            json.field("kind", kind)
            json.field("last_seq", lastSeq)
            json.field("unread", unread)
            json.field("last_message", orNull: lastMessage)
            json.field("members", members)
        }
    }
}
