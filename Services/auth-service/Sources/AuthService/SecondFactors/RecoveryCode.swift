package import ChatProtocol
import Crypto

/// A code that stands in for a second factor once: 80 random bits in four groups of letters and digits.
package struct RecoveryCode: Sendable, Equatable {
    /// How many a user has.
    package static let count = 10
    private static let bytes = 10
    private static let characters = 16

    /// Without the hyphens, upper case.
    private let plain: String

    /// A new code.
    package init() {
        var random = SystemRandomNumberGenerator()
        plain = Base32.encode((0..<Self.bytes).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// Reads a code as a person typed it: in any case, hyphens and spaces wherever they are. Nil for what cannot be one.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let plain = text.uppercased().filter { $0 != "-" && $0 != " " }
        guard plain.utf8.count == Self.characters, plain.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.plain = plain
    }

    /// As it is shown, this once.
    package var text: String {
        let letters = Array(plain.lowercased())
        return stride(from: 0, to: letters.count, by: 4).map { String(letters[$0..<min($0 + 4, letters.count)]) }
            .joined(separator: "-")
    }

    /// What the database knows of it.
    package func hash(for user: UserID) -> [UInt8] {
        Array(SHA256.hash(data: Array("parley recovery code\n\(user)\n\(plain)".utf8)))
    }
}
