package import StrictJSON

/// One stored message. The same schema in frames, history and sync.
package struct Message: Sendable, Equatable {
    package let chat: ChatHash
    /// Its place in the chat: dense, 1, 2, 3, …
    package let seq: Int64
    package let id: MessageID
    package let from: UserID
    package let body: MessageBody
    package let sentAt: Timestamp

    package init(chat: ChatHash, seq: Int64, id: MessageID, from: UserID, body: MessageBody, sentAt: Timestamp) {
        self.chat = chat
        self.seq = seq
        self.id = id
        self.from = from
        self.body = body
        self.sentAt = sentAt
    }

    /// The fields without the braces, so that a frame can put its `type` before them.
    func encodeFields(to json: inout JSONWriter) {
        json.field("chat", chat)
        json.field("seq", seq)
        json.field("id", id)
        json.field("from", from)
        json.field("body", body.text)
        json.field("sent_at", sentAt)
    }
}

extension Message: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let bytes = json["body"]?.stringBytes else { throw .mismatch("body", expected: "a string") }
        self.init(
            chat: try json.value("chat"), seq: try json.value("seq"), id: try json.value("id"),
            from: try json.value("from"), body: MessageBody(stored: Array(bytes)), sentAt: try json.value("sent_at"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { encodeFields(to: &$0) }
    }
}
