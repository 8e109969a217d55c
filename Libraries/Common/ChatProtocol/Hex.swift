/// Lower-case hexadecimal digits and 16-byte words, which all ids are made of. Nothing here is generic: a message has a
/// dozen ids on its way, and generic code over the kind of id and of bytes was a quarter of what message-service did for
/// one that travels alone (docs/performance.md).
package enum Hex {
    package typealias Words = (high: UInt64, low: UInt64)

    private static let digits: StaticString = "0123456789abcdef"
    /// Where the hyphens of a UUID's 36 characters are.
    private static func isHyphen(_ position: Int) -> Bool {
        position == 8 || position == 13 || position == 18 || position == 23
    }

    /// Reads the 36 characters of a UUID (RFC 9562) in lower case; anything else is nil, so that one id has one spelling.
    package static func uuid(_ text: ArraySlice<UInt8>) -> Words? {
        guard text.count == 36 else { return nil }
        return text.withUnsafeBufferPointer { text in
            var words: Words = (0, 0)
            for position in 0..<36 {
                if isHyphen(position) {
                    guard text[position] == UInt8(ascii: "-") else { return nil }
                } else {
                    guard append(text[position], to: &words) else { return nil }
                }
            }
            return words
        }
    }

    /// Reads 32 lower-case hexadecimal digits; anything else is nil.
    package static func digits32(_ text: ArraySlice<UInt8>) -> Words? { text.count == 32 ? digits(text) : nil }

    /// Reads at most 32 lower-case hexadecimal digits; anything else is nil.
    package static func digits(_ text: ArraySlice<UInt8>) -> Words? {
        guard text.count <= 32 else { return nil }
        return text.withUnsafeBufferPointer { text in
            var words: Words = (0, 0)
            for byte in text {
                guard append(byte, to: &words) else { return nil }
            }
            return words
        }
    }

    /// The 36 characters of a UUID.
    package static func uuid(high: UInt64, low: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for position in 0..<32 {
            if position == 8 || position == 12 || position == 16 || position == 20 { text.append(UInt8(ascii: "-")) }
            text.append(digit(position, high, low))
        }
        return text
    }

    /// 32 digits.
    package static func digits32(high: UInt64, low: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for position in 0..<32 { text.append(digit(position, high, low)) }
        return text
    }

    /// Reads 16 bytes in network order; nil for any other length.
    package static func words(_ bytes: ArraySlice<UInt8>) -> Words? {
        guard bytes.count == 16 else { return nil }
        return bytes.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// 16 bytes in network order.
    package static func bytes(high: UInt64, low: UInt64) -> [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 & 7))) }
    }

    private static func append(_ byte: UInt8, to words: inout Words) -> Bool {
        let digit: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
        default: return false
        }
        words.high = words.high << 4 | words.low >> 60
        words.low = words.low << 4 | UInt64(digit)
        return true
    }

    private static func digit(_ position: Int, _ high: UInt64, _ low: UInt64) -> UInt8 {
        let word = position < 16 ? high : low
        return digits.utf8Start[Int(word >> UInt64(60 - 4 * (position & 15)) & 15)]
    }
}
