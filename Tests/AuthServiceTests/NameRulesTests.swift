import ChatProtocol
import StrictJSON
import Testing

@testable import AuthService

@Suite("Names") struct NameRulesTests {
    @Test(arguments: ["abc", "a.b", "0_-", "ada.lovelace", String(repeating: "x", count: 32)])
    func aUsernameWithinTheRulesIsTaken(text: String) throws {
        #expect(try #require(Username(text)).description == text)
    }

    @Test func asciiCapitalsOfAUsernameAreLowered() {
        #expect(Username("Ada.L-1")?.description == "ada.l-1")
    }

    @Test(arguments: [
        "", "ab", String(repeating: "x", count: 33), "-ab", ".ab", "_ab", "a b", "ünïcode", "a/b", "ab\n", "ab\0",
        "ABÇ",
        "\u{212A}elvin",
    ])
    func aUsernameAgainstTheRulesIsRefused(text: String) {
        #expect(Username(text) == nil)
    }

    @Test func aDisplayNameLosesWhiteSpaceAtItsEndsOnly() {
        #expect(DisplayName("  Ada \u{1F99C} L. \u{00A0}")?.description == "Ada \u{1F99C} L.")
    }

    @Test(arguments: [String(repeating: "x", count: 64), String(repeating: "\u{1F99C}", count: 64), "👩‍👩‍👧", "e\u{301}"])
    func aDisplayNameOfAnyScriptIsTakenAsItIs(text: String) throws {
        #expect(try Array(#require(DisplayName(text)).description.utf8) == Array(text.utf8))
    }

    @Test(arguments: [
        "", " ", "\u{2003}", String(repeating: "x", count: 65), "a\0b", "a\nb", "a\u{7F}b", "a\u{85}b", "a\u{2028}b",
        "a\u{202E}b", "a\u{2066}b",
    ])
    func aDisplayNameAgainstTheRulesIsRefused(text: String) {
        #expect(DisplayName(text) == nil)
    }

    @Test func aSearchComparesDisplayNamesInLowerCase() {
        #expect(DisplayName("ÉCOLE Zoë")?.key == "école zoë")
    }

    @Test func aDeviceMayBeLeftOutAndHasAtMost64Bytes() throws {
        #expect(try DeviceName(checking: nil).description == "unknown")
        #expect(try DeviceName(checking: "web").description == "web")
        #expect(throws: ParleyError.self) { try DeviceName(checking: String(repeating: "é", count: 33)) }
        #expect(throws: ParleyError.self) { try DeviceName(checking: "a\u{1B}[2J") }
    }

    @Test func unknownFieldsOfARequestAreIgnored() throws {
        let body = Array(#"{"username":"ada","password":"p","x":[{}],"display_name":null}"#.utf8)
        let request = try RegisterRequest(parsing: body)
        #expect(request.username == "ada" && request.displayName == nil && !request.wantsCookie)
    }
}
