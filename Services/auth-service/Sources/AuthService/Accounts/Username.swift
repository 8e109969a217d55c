package import ChatProtocol

/// The name a user signs in with: 3 to 32 of `a–z 0–9 . _ -`, the first a letter or digit. ASCII only, so that no two
/// names look alike by Unicode's doing (UTS 39) and equal names have equal bytes.
package struct Username: Sendable, Hashable, CustomStringConvertible {
    package static let bytes = 3...32

    package let description: String

    /// Lowers ASCII capitals and checks the rules; nil where they are broken.
    package init?(_ text: String) {
        let lowered = text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        guard Self.bytes.contains(lowered.count), let first = lowered.first, Self.isLetterOrDigit(first),
            lowered.allSatisfy({ Self.isLetterOrDigit($0) || ".-_".utf8.contains($0) })
        else { return nil }
        description = String(decoding: lowered, as: UTF8.self)
    }

    /// - Throws: ``ParleyError`` `bad_request` that states the rules.
    package init(checking text: String) throws(ParleyError) {
        guard let name = Username(text) else {
            throw ParleyError(
                .badRequest,
                "field \"username\" must be 3 to 32 characters of a-z 0-9 . _ - and begin with a letter or digit")
        }
        self = name
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
