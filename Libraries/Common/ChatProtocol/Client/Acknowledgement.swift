package import StrictJSON

/// What a send is answered with once it is committed; the same for a repeat of it.
package struct Acknowledgement: Sendable, Equatable {
    package let id: MessageID
    package let chat: ChatHash
    package let seq: Int64
    package let sentAt: Timestamp

    package init(id: MessageID, chat: ChatHash, seq: Int64, sentAt: Timestamp) {
        self.id = id
        self.chat = chat
        self.seq = seq
        self.sentAt = sentAt
    }

    func encodeFields(to json: inout JSONWriter) {
        json.field("id", id)
        json.field("chat", chat)
        json.field("seq", seq)
        json.field("sent_at", sentAt)
    }
}

extension Acknowledgement: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        json.object { encodeFields(to: &$0) }
    }
}
