@_spi(_Unicode) import Swift

extension NewPassword {
    /// The text in Unicode's composed form, NFC (RFC 8265, section 4.2: the profile for passwords): keyboards and systems
    /// differ in whether "é" is one scalar or two, and a person cannot see which. Not NFKC, which would make different
    /// passwords of a person's choice the same.
    package static func normalised(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: text._nfc)
        return String(composed)
    }
}
