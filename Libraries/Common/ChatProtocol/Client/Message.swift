package import StrictJSON

/// One stored message. The same schema in frames, history and sync.
package struct Message: Sendable, Equatable {
    /// What of a message its reader gets. One that is not whole keeps its place in the order and has no body.
    package enum Form: Sendable {
        case whole
        /// Its sender was blocked by the reader when it was stored.
        case hidden
        /// Its sender's account was deleted with its messages.
        case erased
    }

    package let chat: ChatHash
    /// Its place in the chat: dense, 1, 2, 3, …
    package let seq: Int64
    package let id: MessageID
    package let from: UserID
    package let body: MessageBody
    package let sentAt: Timestamp
    package let form: Form

    package init(
        chat: ChatHash, seq: Int64, id: MessageID, from: UserID, body: MessageBody, sentAt: Timestamp,
        form: Form = .whole
    ) {
        self.chat = chat
        self.seq = seq
        self.id = id
        self.from = from
        self.body = form == .whole ? body : MessageBody(stored: [])
        self.sentAt = sentAt
        self.form = form
    }

    /// The message as somebody gets it who had blocked its sender.
    package var hidden: Message {
        Message(chat: chat, seq: seq, id: id, from: from, body: body, sentAt: sentAt, form: .hidden)
    }

    /// The fields without the braces, so that a frame can put its `type` before them.
    func encodeFields(to json: inout JSONWriter) {
        json.field("chat", chat)
        json.field("seq", seq)
        json.field("id", id)
        json.field("from", from)
        json.field("body", body.text)
        json.field("sent_at", sentAt)
        switch form {
        case .whole: break
        case .hidden: json.field("hidden", true)
        case .erased: json.field("erased", true)
        }
    }
}

extension Message: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let bytes = json["body"]?.stringBytes else { throw .mismatch("body", expected: "a string") }
        let isHidden = try json.optional("hidden", as: Bool.self) == true
        let isErased = try json.optional("erased", as: Bool.self) == true
        self.init(
            chat: try json.value("chat"), seq: try json.value("seq"), id: try json.value("id"),
            from: try json.value("from"), body: MessageBody(stored: Array(bytes)), sentAt: try json.value("sent_at"),
            form: isHidden ? .hidden : isErased ? .erased : .whole)
    }

    package func encode(to json: inout JSONWriter) {
        json.object { encodeFields(to: &$0) }
    }
}
