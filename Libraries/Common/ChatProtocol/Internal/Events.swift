package import StrictJSON

/// `POST /internal/v1/events` of realtime-gateway: frames of another gateway for users who may be connected here.
package struct EventsRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/events"
    /// The gateway that sends, so that one which has just started is known to its peers at once.
    package let from: HeartbeatAnswer.Instance
    package let events: [Event]

    package init(from: HeartbeatAnswer.Instance, events: [Event]) {
        self.from = from
        self.events = events
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(from: try json.value("from"), events: try json.value("events"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("from", from)
            json.field("events", events)
        }
    }
}

/// One frame for all connections of some users. The frame is encoded once, where the event is made, and travels as
/// text from there to every socket.
package struct Event: Sendable, Equatable, JSONCodable {
    package let recipients: [UserID]
    /// A server frame as JSON text.
    package let frame: [UInt8]
    /// Of a message: its chat and `seq`, by which the sweep knows that it was handed on.
    package let tip: EventTip?

    package init(recipients: [UserID], frame: ServerFrame) {
        self.recipients = recipients
        self.frame = JSONWriter.encode(frame)
        if case .message(let message) = frame {
            tip = EventTip(chat: message.chat, seq: message.seq)
        } else {
            tip = nil
        }
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let frame = json["frame"], frame.isObject else { throw .mismatch("frame", expected: "an object") }
        recipients = try json.value("to")
        self.frame = Array(frame.rawText)
        tip = try json.optional("tip")
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("to", recipients)
            json.field("tip", ifPresent: tip)
            json.key("frame")
            json.raw(frame)
        }
    }
}

package struct EventTip: Sendable, Equatable, JSONCodable {
    package let chat: ChatHash
    package let seq: Int64

    package init(chat: ChatHash, seq: Int64) {
        self.chat = chat
        self.seq = seq
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(chat: try json.value("chat"), seq: try json.value("seq"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("chat", chat)
            json.field("seq", seq)
        }
    }
}

/// An answer that says nothing but that it was done.
package struct Done: Sendable, JSONCodable {
    package init() {}
    package init(json: JSONValue, field: String) throws(JSONError) {}
    package func encode(to json: inout JSONWriter) { json.object { _ in } }
}
