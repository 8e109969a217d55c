package import StrictJSON

/// `POST /internal/v1/messages` of message-service: store these messages, each once.
package struct AppendRequest: Sendable {
    package static let path = "/internal/v1/messages"

    package struct Entry: Sendable, Hashable {
        package let chat: ChatHash
        package let from: UserID
        package let id: MessageID
        package let body: MessageBody

        package init(chat: ChatHash, from: UserID, id: MessageID, body: MessageBody) {
            self.chat = chat
            self.from = from
            self.id = id
            self.body = body
        }
    }

    package let entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }
}

/// What became of one entry.
package enum AppendOutcome: Sendable, Equatable {
    /// It is committed at this place, by this call or by an earlier one. `hidden`: the other members get it only in its
    /// hidden form, because the sender was blocked.
    case stored(seq: Int64, sentAt: Timestamp, members: [UserID], hidden: Bool = false)
    /// It was not taken: `not_found`, `conflict`; or the outcome is unknown: `unavailable`, `internal`.
    case refused(ErrorCode)
}

/// One outcome per entry, in the order of the entries.
package struct AppendAnswer: Sendable {
    package let outcomes: [AppendOutcome]

    package init(outcomes: [AppendOutcome]) { self.outcomes = outcomes }
}

extension AppendRequest: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(entries: try json.value("messages"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { $0.field("messages", entries) }
    }
}

extension AppendRequest.Entry: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let bytes = json["body"]?.stringBytes else { throw .mismatch("body", expected: "a string") }
        self.init(
            chat: try json.value("chat"), from: try json.value("from"), id: try json.value("id"),
            body: MessageBody(stored: Array(bytes)))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("from", from)
            json.field("id", id)
            json.field("body", body.text)
        }
    }
}

extension AppendAnswer: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(outcomes: try json.value("outcomes"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { $0.field("outcomes", outcomes) }
    }
}

extension AppendOutcome: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        if let code = try json.optional("code", as: String.self) {
            self = .refused(ErrorCode(rawValue: code) ?? .internal)
        } else {
            self = .stored(
                seq: try json.value("seq"), sentAt: try json.value("sent_at"), members: try json.value("members"),
                hidden: try json.optional("hidden", as: Bool.self) == true)
        }
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .stored(let seq, let sentAt, let members, let hidden):
                json.field("seq", seq)
                json.field("sent_at", sentAt)
                json.field("members", members)
                if hidden { json.field("hidden", true) }
            case .refused(let code):
                json.field("code", code.rawValue)
            }
        }
    }
}
