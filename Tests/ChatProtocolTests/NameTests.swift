import ChatProtocol
import Foundation
import StrictJSON
import Testing

@Suite("Names")
struct NameTests {
    @Test("A chat hash is the same from both sides and as computed elsewhere")
    func chatHash() throws {
        let a = try #require(UserID("0196b0a2-7c1e-7000-8000-000000000001"))
        let b = try #require(UserID("0196b0a2-7c1e-7000-8000-000000000002"))
        let hash = ChatHash(directChatOf: a, and: b)
        #expect(hash == ChatHash(directChatOf: b, and: a))
        // printf 'parley:direct:0196b0a2-7c1e-7000-8000-000000000001:0196b0a2-7c1e-7000-8000-000000000002' | sha256sum
        #expect(hash.description == "12819cc8721a35291af1cfe31e8eb1b0")
    }

    @Test("An id has one spelling")
    func spelling() {
        let text = "0196b0a2-7c1e-7000-8000-0000000000ff"
        #expect(UserID(text)?.description == text)
        #expect(UserID(text.uppercased()) == nil)
        #expect(UserID(text.replacingOccurrences(of: "-", with: "")) == nil)
        #expect(UserID("{\(text)}") == nil)
        #expect(ChatHash(String(repeating: "0", count: 31)) == nil)
        #expect(ChatHash(String(repeating: "G", count: 32)) == nil)
    }

    @Test("New ids are UUIDv7 and rise with time")
    func versionSeven() async throws {
        let first = UserID.make()
        try await Task.sleep(for: .milliseconds(3))
        let second = UserID.make()
        #expect(first < second)
        let text = Array(first.description)
        #expect(text[14] == "7")
        #expect("89ab".contains(text[19]))
    }

    @Test("A time is RFC 3339 in UTC with milliseconds, as Foundation would write it", arguments: 0..<300)
    func times(seed: Int) throws {
        var random = SystemRandomNumberGenerator()
        let milliseconds = Int64.random(in: 0...4_102_444_800_000, using: &random)
        let time = Timestamp(milliseconds: milliseconds)
        // Foundation cuts its Double down to milliseconds; half of one keeps it from the edge.
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        #expect(time.description == Date(timeIntervalSince1970: (Double(milliseconds) + 0.5) / 1000).formatted(style))
        var json = JSONWriter()
        time.encode(to: &json)
        #expect(try Timestamp(parsing: json.bytes) == time)
    }

    @Test("A body is legal text of at most 8,000 bytes", arguments: ["a", "\n.\t", "🏳️‍🌈", "\u{202E}abc", "<script>"])
    func legalBodies(text: String) throws {
        #expect(try MessageBody(Array(text.utf8)).text == text)
    }

    @Test("A text is shortened between two scalars")
    func shortening() {
        #expect("web".shortened(toBytes: 3) == "web")
        #expect(String(repeating: "é", count: 40).shortened(toBytes: 32) == String(repeating: "é", count: 16))
        #expect(("x" + String(repeating: "é", count: 40)).shortened(toBytes: 32).utf8.count == 31)
        #expect("e\u{301}".shortened(toBytes: 2) == "e")
    }

    @Test("Bodies are compared as bytes, not by canonical equivalence")
    func bodyEquality() throws {
        #expect(try MessageBody(Array("é".utf8)) != MessageBody(Array("e\u{301}".utf8)))
    }
}
