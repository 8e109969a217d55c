package import ChatProtocol

/// A password that may be set: 8 to 128 Unicode scalars, no rules of composition, not well known and not the username
/// (NIST SP 800-63B, section 5.1.1.2; OWASP Authentication Cheat Sheet, "Implement Proper Password Strength
/// Controls"). Neither trimmed nor folded; of several ways to write the same character it is the composed one
/// (``normalised(_:)``).
package struct NewPassword: Sendable {
    package static let characters = 8...128

    package let bytes: [UInt8]

    /// - Throws: ``ParleyError`` `bad_request` that says which rule was broken.
    package init(checking text: String, of username: Username) throws(ParleyError) {
        let wrongLength = ParleyError(.badRequest, "a password must be 8 to 128 characters")
        // First, because finding the composed form of long texts takes long.
        guard text.utf8.count <= Self.presentedBytesMax else { throw wrongLength }
        let text = Self.normalised(text)
        guard Self.characters.contains(text.unicodeScalars.count) else { throw wrongLength }
        let folded = text.lowercased()
        guard !Self.common.contains(folded) else {
            throw ParleyError(.badRequest, "this password is among the best known ones; choose another")
        }
        guard folded != username.description else {
            throw ParleyError(.badRequest, "the password must not be the username")
        }
        bytes = Array(text.utf8)
    }

    /// What a sign-in may present: more cannot be a password, and is not worth hashing. Decomposed, a character can take
    /// three times the four bytes it has at most.
    package static let presentedBytesMax = characters.upperBound * 12

    private static let common = Set(CommonPasswords.text.split(whereSeparator: \.isWhitespace).map(String.init))
}
