import StrictJSON

/// The text of a message: 1 to 8,000 bytes of UTF-8, no control character but `\n` and `\t`, and not only white space.
/// Kept as bytes, because Swift's `==` on strings holds canonically equivalent texts equal and Parley does not.
package struct MessageBody: Sendable, Hashable {
    package let utf8: [UInt8]

    package enum Refusal: Error, Equatable {
        case tooLarge
        case blank
        case controlCharacter
        case invalidUTF8
    }

    package init(_ bytes: [UInt8]) throws(Refusal) {
        guard bytes.count <= Limits.bodyBytesMax else { throw .tooLarge }
        guard JSONText.isValidUTF8(bytes) else { throw .invalidUTF8 }
        for byte in bytes where byte < 0x20 && byte != 0x0A && byte != 0x09 { throw .controlCharacter }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { throw .blank }
        utf8 = bytes
    }

    /// A body that was checked when it was stored.
    package init(stored bytes: [UInt8]) { utf8 = bytes }

    package var text: String { String(decoding: utf8, as: UTF8.self) }
}
