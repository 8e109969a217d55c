package import StrictJSON

/// A 128-bit id, written as a lower-case UUID (RFC 9562). `Kind` keeps a user's id from being used as a session's.
package struct Identifier<Kind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the 36 characters of a UUID in lower case; anything else is nil, so that one id has one spelling.
    package init?(_ text: some Collection<UInt8>) {
        guard text.count == 36 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (position, byte) in text.enumerated() {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Hex.value(of: byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
            digits += 1
        }
        self.init(high: words.0, low: words.1)
    }

    package init?(_ text: some StringProtocol) { self.init(text.utf8) }

    /// The 16 bytes in network order; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard let words = Hex.words(of: bytes) else { return nil }
        self.init(high: words.high, low: words.low)
    }

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
    package var utf8: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        Hex.append(high >> 32, digits: 8, to: &text)
        text.append(UInt8(ascii: "-"))
        Hex.append(high >> 16 & 0xFFFF, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hex.append(high & 0xFFFF, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hex.append(low >> 48, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Hex.append(low & 0xFFFF_FFFF_FFFF, digits: 12, to: &text)
        return text
    }

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

/// Lower-case hexadecimal digits and 16-byte words, shared by the id types.
enum Hex {
    private static let digits: StaticString = "0123456789abcdef"

    static func value(of byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }

    static func append(_ value: UInt64, digits count: Int, to text: inout [UInt8]) {
        for position in stride(from: (count - 1) * 4, through: 0, by: -4) {
            text.append(digits.utf8Start[Int(value >> UInt64(position) & 15)])
        }
    }

    static func words(of bytes: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard bytes.count == 16 else { return nil }
        let high = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let low = bytes.dropFirst(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (high, low)
    }

    static func bytes(high: UInt64, low: UInt64) -> [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
    }
}
