import Crypto
package import StrictJSON

/// The id of a chat: 16 bytes, written as 32 lower-case hexadecimal digits. Both members can compute it, so it is an
/// address and never a permission.
package struct ChatHash: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The direct chat of two users: the first 16 bytes of SHA-256("parley:direct:" + low + ":" + high), the two ids
    /// as lower-case text in byte order. The order of the arguments does not matter.
    package init(directChatOf a: UserID, and b: UserID) {
        let (low, high) = a < b ? (a, b) : (b, a)
        let digest = SHA256.hash(data: Array("parley:direct:".utf8) + low.utf8 + [UInt8(ascii: ":")] + high.utf8)
        guard let words = Hex.words(Array(digest)[..<16]) else { preconditionFailure("SHA-256 has 32 bytes") }
        self.init(high: words.high, low: words.low)
    }

    private init?(_ words: Hex.Words?) {
        guard let words else { return nil }
        self.init(high: words.high, low: words.low)
    }

    /// Reads 32 lower-case hexadecimal digits; anything else is nil.
    package init?(_ text: ArraySlice<UInt8>) { self.init(Hex.digits32(text)) }

    package init?(_ text: some StringProtocol) { self.init(Array(text.utf8)[...]) }

    /// The 16 bytes in network order; nil for any other length.
    package init?(bytes: ArraySlice<UInt8>) { self.init(Hex.words(bytes)) }

    package var bytes: [UInt8] { Hex.bytes(high: high, low: low) }

    package var utf8: [UInt8] { Hex.digits32(high: high, low: low) }

    package var description: String { String(decoding: utf8, as: UTF8.self) }

    package static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension ChatHash: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let text = json.stringBytes, let hash = Self(text) else {
            throw .mismatch(field, expected: "a chat hash of 32 lower-case hexadecimal digits")
        }
        self = hash
    }

    package func encode(to json: inout JSONWriter) { json.plainString(utf8) }
}
