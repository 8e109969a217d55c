import Testing

@testable import AuthService

@Suite("Text of the audit log") struct AuditTextTests {
    @Test(arguments: [
        ("Ada's phone 🦜", "Ada's phone 🦜"), ("a\nb\r\u{1B}[2J", "a\\u{a}b\\u{d}\\u{1b}[2J"),
        ("\u{85}\u{2028}", "\\u{85}\\u{2028}"),
        ("\u{202E}txt.exe", "\\u{202e}txt.exe"), ("C:\\u{a}", "C:\\\\u{a}"),
    ])
    func whatCouldMisleadAReaderIsSpelledOut(text: String, legible: String) {
        #expect(text.legible == legible)
    }

    @Test func itIsNoLongerThanTheTableTakes() {
        #expect(String(repeating: "\u{10FFFF}", count: 5000).legible.utf8.count <= 1024)
    }
}
