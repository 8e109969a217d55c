package import StrictJSON

/// `POST /internal/v1/cursors` of message-service: raise these cursors.
package struct RaiseCursorsRequest: Sendable {
    package static let path = "/internal/v1/cursors"

    package struct Entry: Sendable, Hashable {
        package let chat: ChatHash
        package let user: UserID
        package let delivered: Int64
        package let read: Int64

        package init(chat: ChatHash, user: UserID, delivered: Int64, read: Int64) {
            self.chat = chat
            self.user = user
            self.delivered = delivered
            self.read = read
        }
    }

    package let entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }
}

/// The cursors that rose, as they stand now, with the members of their chats. An entry of a stranger, or one that
/// changed nothing, has no line.
package struct RaiseCursorsAnswer: Sendable {
    package struct Raised: Sendable, Equatable {
        package let chat: ChatHash
        package let user: UserID
        package let delivered: Int64
        package let read: Int64
        package let members: [UserID]

        package init(chat: ChatHash, user: UserID, delivered: Int64, read: Int64, members: [UserID]) {
            self.chat = chat
            self.user = user
            self.delivered = delivered
            self.read = read
            self.members = members
        }
    }

    package let raised: [Raised]

    package init(raised: [Raised]) { self.raised = raised }
}

extension RaiseCursorsRequest: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(entries: try json.value("cursors")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("cursors", entries) } }
}

extension RaiseCursorsRequest.Entry: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            chat: try json.value("chat"), user: try json.value("user"), delivered: try json.value("delivered"),
            read: try json.value("read"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("user", user)
            json.field("delivered", delivered)
            json.field("read", read)
        }
    }
}

extension RaiseCursorsAnswer: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(raised: try json.value("raised")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("raised", raised) } }
}

extension RaiseCursorsAnswer.Raised: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            chat: try json.value("chat"), user: try json.value("user"), delivered: try json.value("delivered"),
            read: try json.value("read"), members: try json.value("members"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("user", user)
            json.field("delivered", delivered)
            json.field("read", read)
            json.field("members", members)
        }
    }
}
