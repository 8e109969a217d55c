package import StrictJSON

/// A frame from a client, version 1 of the protocol.
package enum ClientFrame: Sendable, Equatable {
    case hello(protocolVersion: Int64, token: String, device: String)
    case send(id: MessageID, chat: ChatHash, body: MessageBody)
    case cursor(chat: ChatHash, delivered: Int64?, read: Int64?)
    case typing(chat: ChatHash, active: Bool)
    case watch(users: [UserID])
    case ping
}

/// The `id` a client gave a frame: a string of at most 64 bytes or an integer, echoed as it came.
package enum FrameID: Sendable, Equatable {
    case text(String)
    case number(Int64)
}

extension FrameID: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        case .number(let number): json.integer(number)
        }
    }
}

/// A frame that could not be taken, with the id to echo if it had one.
package struct FrameRefusal: Error, Equatable, Sendable {
    package let id: FrameID?
    package let error: ParleyError

    package init(id: FrameID?, error: ParleyError) {
        self.id = id
        self.error = error
    }
}

extension ClientFrame {
    /// Reads one text frame.
    /// - Returns: the frame and the `id` it carried.
    /// - Throws: ``FrameRefusal`` with code `bad_frame`, or `too_large` for a body over the limit.
    package static func decode(_ bytes: [UInt8]) throws(FrameRefusal) -> (frame: ClientFrame, id: FrameID?) {
        var id: FrameID?
        do {
            let json = try JSONDocument(parsing: bytes).root
            guard json.isObject else { throw JSONError.mismatch("frame", expected: "an object") }
            id = try frameID(of: json)
            return (try decode(json), id)
        } catch let error as JSONError {
            throw FrameRefusal(id: id, error: ParleyError(.badFrame, error.description))
        } catch let error as ParleyError {
            throw FrameRefusal(id: id, error: error)
        } catch {
            throw FrameRefusal(id: id, error: ParleyError(.badFrame, "unreadable frame"))
        }
    }

    private static func frameID(of json: JSONValue) throws(JSONError) -> FrameID? {
        guard let value = json["id"], !value.isNull else { return nil }
        if let number = value.integer { return .number(number) }
        if let text = value.string, text.utf8.count <= Limits.frameIDBytesMax { return .text(text) }
        throw .mismatch("id", expected: "a string of at most \(Limits.frameIDBytesMax) bytes or an integer")
    }

    private static func decode(_ json: JSONValue) throws -> ClientFrame {
        guard let type = json["type"], !type.isNull else { throw JSONError.missing("type") }
        switch type.word {
        case "hello":
            let device: String? = try json.optional("device")
            return .hello(
                protocolVersion: try json.value("protocol"), token: try json.value("token"),
                device: device?.shortened(toBytes: Limits.deviceBytesMax) ?? "")
        case "send":
            return .send(id: try json.value("id"), chat: try json.value("chat"), body: try body(of: json))
        case "cursor":
            let delivered = try seq("delivered", of: json)
            let read = try seq("read", of: json)
            guard delivered != nil || read != nil else { throw JSONError.missing("delivered") }
            return .cursor(chat: try json.value("chat"), delivered: delivered, read: read)
        case "typing":
            return .typing(chat: try json.value("chat"), active: try json.value("active"))
        case "watch":
            let users: [UserID] = try json.value("users")
            guard users.count <= Limits.watchMax else {
                throw ParleyError(.badFrame, "at most \(Limits.watchMax) users can be watched")
            }
            return .watch(users: users)
        case "ping":
            return .ping
        default:
            throw ParleyError(.badFrame, "unknown type of frame")
        }
    }

    private static func seq(_ key: StaticString, of json: JSONValue) throws(JSONError) -> Int64? {
        guard let value = try json.optional(key, as: Int64.self) else { return nil }
        guard (0...Limits.seqMax).contains(value) else { throw .mismatch(key.description, expected: "0 to 2^53 - 1") }
        return value
    }

    private static func body(of json: JSONValue) throws -> MessageBody {
        try MessageBody(field: json["body"], errorCode: .badFrame)
    }
}

extension MessageBody {
    /// Reads a body from its JSON field.
    /// - Throws: ``ParleyError`` with `too_large`, or with `errorCode` for anything else a body may not be.
    package init(field: JSONValue?, errorCode: ErrorCode) throws(ParleyError) {
        guard let bytes = field?.stringBytes else {
            throw ParleyError(errorCode, JSONError.mismatch("body", expected: "a string").description)
        }
        try self.init(checking: Array(bytes), errorCode: errorCode)
    }

    /// As ``init(field:errorCode:)``, from its bytes.
    package init(checking bytes: [UInt8], errorCode: ErrorCode) throws(ParleyError) {
        do {
            try self.init(bytes)
        } catch {
            switch error {
            case .tooLarge: throw ParleyError(.tooLarge, "a body has at most \(Limits.bodyBytesMax) bytes of UTF-8")
            case .blank: throw ParleyError(errorCode, "a body must not be blank")
            case .controlCharacter: throw ParleyError(errorCode, "a body has no control characters but \\n and \\t")
            case .invalidUTF8: throw ParleyError(errorCode, "a body must be valid UTF-8")
            }
        }
    }
}
