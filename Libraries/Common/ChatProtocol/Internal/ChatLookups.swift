package import StrictJSON

/// `POST /internal/v1/members` of message-service: who is in these chats?
package struct MembersRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/members"
    package let chats: [ChatHash]

    package init(chats: [ChatHash]) { self.chats = chats }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(chats: try json.value("chats")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("chats", chats) } }
}

/// A chat that exists, and its members.
package struct ChatMembers: Sendable, Equatable, JSONCodable {
    package let chat: ChatHash
    package let members: [UserID]
    /// Since when one of them blocks the other; nil if neither does.
    package let blockedSince: Timestamp?

    package init(chat: ChatHash, members: [UserID], blockedSince: Timestamp? = nil) {
        self.chat = chat
        self.members = members
        self.blockedSince = blockedSince
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            chat: try json.value("chat"), members: try json.value("members"),
            blockedSince: try json.optional("blocked_since"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("members", members)
            json.field("blocked_since", ifPresent: blockedSince)
        }
    }
}

package struct MembersAnswer: Sendable, JSONCodable {
    package let chats: [ChatMembers]

    package init(chats: [ChatMembers]) { self.chats = chats }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(chats: try json.value("chats")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("chats", chats) } }
}

/// `POST /internal/v1/visible` of message-service: whose presence may this user see? Those with whom they share a chat
/// in which the other has written.
package struct VisibleRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/visible"
    package let viewer: UserID
    package let users: [UserID]

    package init(viewer: UserID, users: [UserID]) {
        self.viewer = viewer
        self.users = users
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(viewer: try json.value("viewer"), users: try json.value("users"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("viewer", viewer)
            json.field("users", users)
        }
    }
}

package struct VisibleAnswer: Sendable, JSONCodable {
    /// Somebody whose presence may be seen but for a block between them and the viewer, whoever made it.
    package struct Blocked: Sendable, Equatable, JSONCodable {
        package let user: UserID
        package let since: Timestamp

        package init(user: UserID, since: Timestamp) {
            self.user = user
            self.since = since
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(user: try json.value("user"), since: try json.value("since"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("user", user)
                json.field("since", since)
            }
        }
    }

    /// All who may be seen, those among them that are blocked included.
    package let users: [UserID]
    package let blocked: [Blocked]

    package init(users: [UserID], blocked: [Blocked]) {
        self.users = users
        self.blocked = blocked
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(users: try json.value("users"), blocked: try json.optional("blocked") ?? [])
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("users", users)
            json.field("blocked", blocked)
        }
    }
}

/// `POST /internal/v1/tips` of message-service: which chats have messages committed since the cursor, and which
/// blocks changed? Without a cursor the answer is only a first cursor.
package struct TipsRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/tips"
    package let cursor: String?

    package init(cursor: String?) { self.cursor = cursor }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(cursor: try json.optional("cursor")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("cursor", ifPresent: cursor) } }
}

/// A chat's last `seq`, and its members.
package struct Tip: Sendable, Equatable, JSONCodable {
    package let chat: ChatHash
    package let lastSeq: Int64
    package let members: [UserID]

    package init(chat: ChatHash, lastSeq: Int64, members: [UserID]) {
        self.chat = chat
        self.lastSeq = lastSeq
        self.members = members
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            chat: try json.value("chat"), lastSeq: try json.value("last_seq"), members: try json.value("members"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("last_seq", lastSeq)
            json.field("members", members)
        }
    }
}

/// A block was put between two users or taken away.
package struct BlockChange: Sendable, Equatable, JSONCodable {
    package let one: UserID
    package let other: UserID
    /// Since when one of them blocks the other; nil if neither does any more.
    package let since: Timestamp?

    package init(one: UserID, other: UserID, since: Timestamp?) {
        self.one = one
        self.other = other
        self.since = since
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(one: try json.value("one"), other: try json.value("other"), since: try json.optional("since"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("one", one)
            json.field("other", other)
            json.field("since", ifPresent: since)
        }
    }
}

package struct TipsAnswer: Sendable, JSONCodable {
    package let tips: [Tip]
    /// Blocks that changed since the cursor. One may be named again in the next answer.
    package let blocks: [BlockChange]
    /// The cursor for the next request.
    package let next: String
    /// Names the history: another value means that it may differ from what was read before.
    package let epoch: String
    /// Whether there were more chats than one page holds: the asker must tell its clients to sync everything.
    package let overflow: Bool

    package init(tips: [Tip], blocks: [BlockChange] = [], next: String, epoch: String, overflow: Bool) {
        self.tips = tips
        self.blocks = blocks
        self.next = next
        self.epoch = epoch
        self.overflow = overflow
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            tips: try json.value("tips"), blocks: try json.optional("blocks") ?? [], next: try json.value("next"),
            epoch: try json.value("epoch"), overflow: try json.value("overflow"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("tips", tips)
            json.field("blocks", blocks)
            json.field("next", next)
            json.field("epoch", epoch)
            json.field("overflow", overflow)
        }
    }
}
