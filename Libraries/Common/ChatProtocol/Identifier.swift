package import StrictJSON

/// A 128-bit id, written as a lower-case UUID (RFC 9562). `Kind` keeps a user's id from being used as a session's.
package struct Identifier<Kind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private init?(_ words: Hex.Words?) {
        guard let words else { return nil }
        self.init(high: words.high, low: words.low)
    }

    /// Reads the 36 characters of a UUID in lower case; anything else is nil.
    package init?(_ text: ArraySlice<UInt8>) { self.init(Hex.uuid(text)) }

    package init?(_ text: some StringProtocol) { self.init(Array(text.utf8)[...]) }

    /// The 16 bytes in network order; nil for any other length.
    package init?(bytes: ArraySlice<UInt8>) { self.init(Hex.words(bytes)) }

    /// A new UUIDv7: 48 bits of Unix milliseconds, the rest random (RFC 9562, section 5.7), so that ids made later
    /// sort later and index pages fill in order.
    package static func make() -> Self {
        var random = SystemRandomNumberGenerator()
        let milliseconds = UInt64(bitPattern: Timestamp.now.milliseconds) & 0xFFFF_FFFF_FFFF
        return Self(
            high: milliseconds << 16 | 0x7000 | (random.next() & 0x0FFF),
            low: 0x8000_0000_0000_0000 | (random.next() & 0x3FFF_FFFF_FFFF_FFFF))
    }

    package var bytes: [UInt8] { Hex.bytes(high: high, low: low) }

    /// The 36 bytes of the text form.
    package var utf8: [UInt8] { Hex.uuid(high: high, low: low) }

    package var description: String { String(decoding: utf8, as: UTF8.self) }

    package static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension Identifier: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let text = json.stringBytes, let id = Self(text) else {
            throw .mismatch(field, expected: "a lower-case UUID")
        }
        self = id
    }

    package func encode(to json: inout JSONWriter) { json.plainString(utf8) }
}

package enum UserKind {}
package enum SessionKind {}
package enum MessageKind {}
package enum ConnectionKind {}
package enum InstanceKind {}

package typealias UserID = Identifier<UserKind>
package typealias SessionID = Identifier<SessionKind>
/// The id a client gives a message before its first try; with chat and sender it names the message for ever.
package typealias MessageID = Identifier<MessageKind>
package typealias ConnectionID = Identifier<ConnectionKind>
/// One running process of a service; new at every start.
package typealias InstanceID = Identifier<InstanceKind>
