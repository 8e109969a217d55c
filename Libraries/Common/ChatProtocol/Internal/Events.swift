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
    /// Of a message of somebody who is blocked: who gets only its hidden form, and that. Both forms are one event, so that
    /// the tip never stands for the one while the other was lost.
    package let hidden: Hidden?

    package struct Hidden: Sendable, Equatable, JSONCodable {
        package let recipients: [UserID]
        package let frame: [UInt8]
    }

    package init(recipients: [UserID], frame: ServerFrame) {
        self.recipients = recipients
        self.frame = JSONWriter.encode(frame)
        tip = nil
        hidden = nil
    }

    /// A message for the members of its chat.
    /// - Parameter isHidden: whether all but its sender get only its hidden form.
    package init(message: Message, members: [UserID], isHidden: Bool = false) {
        frame = JSONWriter.encode(ServerFrame.message(message))
        tip = EventTip(chat: message.chat, seq: message.seq)
        guard isHidden else {
            (recipients, hidden) = (members, nil)
            return
        }
        recipients = [message.from]
        hidden = Hidden(
            recipients: members.filter { $0 != message.from },
            frame: JSONWriter.encode(ServerFrame.message(message.hidden)))
    }

    /// All who get it, in either form.
    package var everyRecipient: [UserID] { recipients + (hidden?.recipients ?? []) }

    package init(json: JSONValue, field: String) throws(JSONError) {
        recipients = try json.value("to")
        frame = try json.frame()
        tip = try json.optional("tip")
        hidden = try json.optional("hidden")
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("to", recipients)
            json.field("tip", ifPresent: tip)
            json.key("frame")
            json.raw(frame)
            json.field("hidden", ifPresent: hidden)
        }
    }
}

extension Event.Hidden {
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(recipients: try json.value("to"), frame: try json.frame())
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("to", recipients)
            json.key("frame")
            json.raw(frame)
        }
    }
}

extension JSONValue {
    /// The text of the frame in an event.
    fileprivate func frame() throws(JSONError) -> [UInt8] {
        guard let frame = self["frame"], frame.isObject else { throw .mismatch("frame", expected: "an object") }
        return Array(frame.rawText)
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
