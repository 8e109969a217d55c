package import HTTPGuard
package import NIOHTTP1

/// The rules of the opening handshake (RFC 6455, section 4.2.1), on the head alone.
package enum OpeningHandshake {
    package typealias Refusal = HTTPRefusal

    /// The path of a request target, without the query.
    package static func path(of head: HTTPRequestHead) -> Substring { head.uri.prefix { $0 != "?" } }

    /// - Throws: ``Refusal`` with the status to answer.
    package static func check(_ head: HTTPRequestHead) throws(Refusal) {
        guard head.method == .GET else {
            throw Refusal(.methodNotAllowed, "a WebSocket is opened by GET", headers: [("Allow", "GET")])
        }
        guard head.version == .http1_1, head.headers["host"].count == 1 else {
            throw Refusal(.badRequest, "one Host header is needed")
        }
        // What would be taken for the body by one reader is taken for frames by another.
        guard !head.headers.contains(name: "transfer-encoding"),
            head.headers[canonicalForm: "content-length"].allSatisfy({ $0 == "0" })
        else { throw Refusal(.badRequest, "a WebSocket is opened without a body") }
        let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
        guard names("websocket", in: head.headers[canonicalForm: "upgrade"]),
            names("upgrade", in: head.headers[canonicalForm: "connection"])
        else { throw Refusal(.upgradeRequired, "this is a WebSocket", headers: upgrade) }
        guard head.headers[canonicalForm: "sec-websocket-version"] == ["13"] else {
            throw Refusal(.upgradeRequired, "WebSocket version 13 is needed", headers: upgrade)
        }
        let keys = head.headers[canonicalForm: "sec-websocket-key"]
        guard keys.count == 1, isKey(keys[0]) else {
            throw Refusal(.badRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
        }
    }

    private static func names(_ token: String, in values: [Substring]) -> Bool {
        values.contains { $0.lowercased() == token }
    }

    /// 16 bytes are 22 characters and two of padding.
    private static func isKey(_ key: Substring) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes.suffix(2) == [UInt8(ascii: "="), UInt8(ascii: "=")] else { return false }
        return bytes.dropLast(2).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
    }
}
