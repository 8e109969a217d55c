import ChatProtocol
import StrictJSON
import Testing

private let chat = "0123456789abcdef0123456789abcdef"
private let uuid = "0196b0a2-7c1e-7000-8000-000000000001"

@Suite("Client frames")
struct ClientFrameTests {
    private func decode(_ text: String) throws -> (frame: ClientFrame, id: FrameID?) {
        try ClientFrame.decode(Array(text.utf8))
    }

    private func refusal(_ text: String) -> FrameRefusal? {
        do throws(FrameRefusal) {
            _ = try ClientFrame.decode(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("are read as documented")
    func goldens() throws {
        let hash = try #require(ChatHash(chat))
        let id = try #require(MessageID(uuid))
        #expect(
            try decode(#"{"type":"hello","protocol":1,"token":"t","device":"web"}"#).frame
                == .hello(protocolVersion: 1, token: "t", device: "web"))
        #expect(
            try decode(#"{"type":"send","id":"\#(uuid)","chat":"\#(chat)","body":"hi"}"#).frame
                == .send(id: id, chat: hash, body: MessageBody(Array("hi".utf8))))
        #expect(
            try decode(#"{"type":"cursor","chat":"\#(chat)","read":3}"#).frame
                == .cursor(chat: hash, delivered: nil, read: 3))
        #expect(
            try decode(#"{"type":"typing","chat":"\#(chat)","active":true}"#).frame == .typing(chat: hash, active: true)
        )
        #expect(try decode(#"{"type":"watch","users":["\#(uuid)"]}"#).frame == .watch(users: [#require(UserID(uuid))]))
        #expect(try decode(#"{"type":"ping","id":7}"#).id == .number(7))
        #expect(try decode(#"{"type":"ping","id":"x","later":{"a":[]}}"#).id == .text("x"))
    }

    @Test(
        "that break a rule are bad frames",
        arguments: [
            "[]", "\"x\"", "{}", #"{"type":"dance"}"#, #"{"type":7}"#, #"{"type":"hello","protocol":"1","token":"t"}"#,
            #"{"type":"send","id":"\#(uuid.uppercased())","chat":"\#(chat)","body":"x"}"#,
            #"{"type":"send","id":"7","chat":"\#(chat)","body":"x"}"#,
            #"{"type":"send","id":"\#(uuid)","chat":"\#(chat.dropLast())","body":"x"}"#,
            #"{"type":"send","id":"\#(uuid)","chat":"\#(chat.uppercased())","body":"x"}"#,
            #"{"type":"send","id":"\#(uuid)","chat":"\#(chat)","body":" \n\t"}"#,
            #"{"type":"send","id":"\#(uuid)","chat":"\#(chat)","body":"a\rb"}"#,
            #"{"type":"send","id":"\#(uuid)","chat":"\#(chat)","body":5}"#,
            #"{"type":"cursor","chat":"\#(chat)"}"#, #"{"type":"cursor","chat":"\#(chat)","read":-1}"#,
            #"{"type":"cursor","chat":"\#(chat)","read":1.5}"#,
            #"{"type":"cursor","chat":"\#(chat)","read":9007199254740992}"#,
            #"{"type":"typing","chat":"\#(chat)","active":"yes"}"#, #"{"type":"ping","id":1.5}"#,
            #"{"type":"ping","id":"\#(String(repeating: "x", count: 65))"}"#,
        ])
    func refusals(text: String) {
        #expect(refusal(text)?.error.code == .badFrame)
    }

    @Test("with a body over 8,000 bytes are too large, counted in bytes of UTF-8")
    func largeBodies() throws {
        func send(_ body: String) -> String { #"{"type":"send","id":"\#(uuid)","chat":"\#(chat)","body":"\#(body)"}"# }
        _ = try decode(send(String(repeating: "😀", count: 2000)))
        let refused = refusal(send(String(repeating: "😀", count: 2000) + "x"))
        #expect(refused?.error.code == .tooLarge)
        #expect(refused?.id == .text(uuid))
    }

    @Test(
        "name a device in at most 64 bytes, cut between scalars, however few characters they are",
        arguments: ["é", "€", "😀", "e\u{301}", "x" + String(repeating: "\u{301}", count: 1000)])
    func devices(character: String) throws {
        let name = String(repeating: character, count: 60)
        let frame = try decode(#"{"type":"hello","protocol":1,"token":"t","device":"\#(name)"}"#).frame
        guard case .hello(_, _, let device) = frame else { throw FrameRefusal(id: nil, error: .chatNotFound) }
        #expect((61...64).contains(device.utf8.count) && name.utf8.starts(with: device.utf8))
    }

    @Test("keep their id in the refusal")
    func echoedIDs() {
        #expect(refusal(#"{"type":"dance","id":12}"#)?.id == .number(12))
    }
}

@Suite("Server frames")
struct ServerFrameTests {
    private func text(_ frame: ServerFrame) -> String { String(decoding: JSONWriter.encode(frame), as: UTF8.self) }

    @Test("are written as documented")
    func goldens() throws {
        let hash = try #require(ChatHash(chat))
        let user = try #require(UserID(uuid))
        let time = Timestamp(milliseconds: 1_763_934_240_123)
        let message = Message(
            chat: hash, seq: 17, id: try #require(MessageID(uuid)), from: user,
            body: try MessageBody(Array("hi \"you\"\n".utf8)), sentAt: time)
        #expect(
            text(.message(message))
                == #"{"type":"message","chat":"\#(chat)","seq":17,"id":"\#(uuid)","from":"\#(uuid)","#
                + #""body":"hi \"you\"\n","sent_at":"2025-11-23T21:44:00.123Z"}"#)
        #expect(
            text(.error(id: .number(3), ParleyError(.unavailable, "later", retryAfter: .milliseconds(800))))
                == #"{"type":"error","id":3,"code":"unavailable","message":"later","retryable":true,"retry_after_ms":800}"#
        )
        #expect(
            text(
                .pong(
                    id: .number(7), serverTime: time, health: SystemHealth(auth: true, message: true, presence: false)))
                == #"{"type":"pong","id":7,"server_time":"2025-11-23T21:44:00.123Z","status":"degraded","#
                + #""services":{"auth":"up","message":"up","presence":"down"}}"#)
        #expect(text(.resync(chats: nil)) == #"{"type":"resync"}"#)
        #expect(text(.drain(reconnectAfter: .milliseconds(1800))) == #"{"type":"drain","reconnect_after_ms":1800}"#)
    }

    @Test("travel between gateways as the text they were encoded to")
    func events() throws {
        let user = try #require(UserID(uuid))
        let event = Event(
            recipients: [user], frame: .typing(chat: try #require(ChatHash(chat)), user: user, active: true))
        let from = HeartbeatAnswer.Instance(id: .make(), address: "http://127.0.0.1:1")
        let again = try EventsRequest(parsing: JSONWriter.encode(EventsRequest(from: from, events: [event])))
        #expect(again.events == [event] && again.from == from)
    }

    @Test("of a message that is hidden or erased have its place and no body, and a hidden one travels in both forms")
    func forms() throws {
        let (sender, reader) = (UserID.make(), UserID.make())
        func message(_ form: Message.Form) throws -> Message {
            Message(
                chat: ChatHash(directChatOf: sender, and: reader), seq: 2, id: .make(), from: sender,
                body: try MessageBody(Array("secret".utf8)), sentAt: Timestamp(milliseconds: 5), form: form)
        }
        for (form, field) in [(Message.Form.hidden, "hidden"), (.erased, "erased")] {
            let blank = try message(form)
            let text = String(decoding: JSONWriter.encode(blank), as: UTF8.self)
            #expect(text.contains(#""body":"","#) && text.hasSuffix(#""\#(field)":true}"#) && !text.contains("secret"))
            #expect(try Message(parsing: Array(text.utf8)) == blank)
        }
        let whole = try message(.whole)
        #expect(try Message(parsing: JSONWriter.encode(whole)) == whole)
        let event = Event(message: whole, members: [sender, reader], isHidden: true)
        let from = HeartbeatAnswer.Instance(id: .make(), address: "http://127.0.0.1:1")
        let again = try EventsRequest(parsing: JSONWriter.encode(EventsRequest(from: from, events: [event]))).events
        #expect(again == [event] && again[0].everyRecipient == [sender, reader])
        #expect(again[0].hidden?.recipients == [reader] && again[0].recipients == [sender])
    }
}

@Suite("An error of another service")
struct ReceivedErrorTests {
    @Test("asks for a wait within bounds", arguments: ["-9223372036854775808", "-1", "800", "9223372036854775807"])
    func waits(milliseconds: String) throws {
        let text = #"{"error":{"code":"unavailable","message":"later","retry_after_ms":\#(milliseconds)}}"#
        let wait = try #require(ParleyError(parsing: Array(text.utf8)).retryAfter)
        #expect(.zero <= wait && wait <= ParleyError.retryAfterMax)
    }
}

@Suite("Codes")
struct CodeTests {
    @Test("that mean reconnect are 4000 to 4499, and those that mean stop are 4500 to 4999")
    func closeCodes() {
        let reconnect: Set<CloseCode> = [.helloTimeout, .slowConsumer, .heartbeatTimeout, .tokenExpired, .rateLimited]
        for code in CloseCode.allCases where code.rawValue >= 4000 {
            #expect((code.rawValue < 4500) == reconnect.contains(code))
        }
    }

    @Test("have one REST status each")
    func statuses() {
        #expect(ErrorCode.allCases.allSatisfy { (400...503).contains($0.status) })
        #expect(ErrorCode.unavailable.retryable && ErrorCode.internal.retryable && !ErrorCode.conflict.retryable)
    }
}
