import ChatProtocol
import Foundation
import StrictJSON

/// The text of one frame of a client.
func clientJSON(_ input: [UInt8]) {
    if let document = try? JSONDocument(parsing: input) {
        require(
            (try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)) != nil,
            "what is accepted is JSON")
        require((try? JSONDocument(parsing: Array(document.root.rawText))) != nil, "a value is JSON by itself")
    }
    do throws(FrameRefusal) {
        let (frame, id) = try ClientFrame.decode(input)
        checkLimits(of: frame, id)
        let again = try? ClientFrame.decode(JSONWriter.encode(frame, id: id))
        require(again?.frame == frame && again?.id == id, "a frame that is written is read as the same")
    } catch {
        require(error.error.code == .badFrame || error.error.code == .tooLarge, "a refusal is about the frame")
        require(error.error.message.utf8.count <= 200, "a refusal repeats nothing long")
    }
}

private func checkLimits(of frame: ClientFrame, _ id: FrameID?) {
    if case .text(let text)? = id { require(text.utf8.count <= Limits.frameIDBytesMax, "an id is short") }
    switch frame {
    case .hello(_, _, let device): require(device.utf8.count <= Limits.deviceBytesMax, "a device's name is short")
    case .send(_, _, let body):
        require((1...Limits.bodyBytesMax).contains(body.utf8.count), "a body has 1 to 8,000 bytes")
        require(JSONText.isValidUTF8(body.utf8), "a body is UTF-8")
    case .cursor(_, let delivered, let read):
        for seq in [delivered, read] {
            require((0...Limits.seqMax).contains(seq ?? 0), "a seq is one that a JSON number holds")
        }
    case .watch(let users): require(users.count <= Limits.watchMax, "only so many are watched")
    case .typing, .ping: return
    }
}

extension JSONWriter {
    /// A client's frame as a client writes it.
    fileprivate static func encode(_ frame: ClientFrame, id: FrameID?) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            switch frame {
            case .hello(let version, let token, let device):
                json.field("type", "hello")
                json.field("protocol", version)
                json.field("token", token)
                json.field("device", device)
            case .send(_, let chat, let body):
                json.field("type", "send")
                json.field("chat", chat)
                json.field("body", body.text)
            case .cursor(let chat, let delivered, let read):
                json.field("type", "cursor")
                json.field("chat", chat)
                json.field("delivered", ifPresent: delivered)
                json.field("read", ifPresent: read)
            case .typing(let chat, let active):
                json.field("type", "typing")
                json.field("chat", chat)
                json.field("active", active)
            case .watch(let users):
                json.field("type", "watch")
                json.field("users", users)
            case .ping: json.field("type", "ping")
            }
            json.field("id", ifPresent: id)
        }
        return json.bytes
    }
}
