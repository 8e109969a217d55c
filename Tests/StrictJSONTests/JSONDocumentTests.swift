import Foundation
import StrictJSON
import Support
import Testing

@Suite("A JSON document")
struct JSONDocumentTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONDocument(parsing: Array(text.utf8)).root }

    @Test("gives back strings, numbers, arrays and objects")
    func values() throws {
        let json = try parse(#" {"a": "x\n\u00e9\ud83d\ude00", "b": [1, -2, 3.5e2], "c": {"d": true, "e": null}} "#)
        #expect(json["a"]?.string == "x\né😀")
        #expect(json["b"]?.elements?.map(\.integer) == [1, -2, nil])
        #expect(json["c"]?["d"]?.bool == true)
        #expect(json["c"]?["e"]?.isNull == true)
        #expect(json["nothing"] == nil)
    }

    @Test("gives a string back as a word only if it is short and ASCII")
    func words() throws {
        let long = String(repeating: "a", count: 64)
        let json = try parse(#"["hello", "h\u0065llo", "\#(long)", "a\#(long)", "hell\u00f6", 1]"#)
        #expect(json.elements?.map(\.word) == ["hello", "hello", long, nil, nil, nil])
    }

    @Test(
        "refuses what is not JSON, and what is a trap in JSON",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "nul", "01", "1.", ".5", "+1", "-", "1e", "1e999", "\"\\x\"",
            "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u0000\"", "\"a", "\"a\nb\"",
            "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}{}", "{} {}", "[1 2]", "{\"a\" 1}", "tru",
        ])
    func refusals(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test("refuses bytes that are not UTF-8, UTF-16 included")
    func encodings() {
        let bad: [[UInt8]] = [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0xFE, 0xFF, 0x00, 0x31],
            [0x31, 0x00],
        ]
        for bytes in bad { #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) } }
    }

    @Test("bounds depth and keys")
    func bounds() throws {
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try parse(deepest)
        #expect(throws: JSONError.self) { try parse("[" + deepest + "]") }
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 100_000)) }
        let keys = (0...64).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(throws: JSONError.self) { try parse("{\(keys)}") }
    }

    @Test("holds integers to 64 bits and does not take a fraction for one")
    func integers() throws {
        #expect(try parse("9223372036854775807").integer == .max)
        #expect(try parse("-9223372036854775808").integer == .min)
        #expect(try parse("9223372036854775808").integer == nil)
        #expect(try parse("1.0").integer == nil)
        #expect(try parse("1e3").integer == nil)
        #expect(try parse("-0").integer == 0)
    }

    @Test("keeps strings that look equal but differ in bytes apart")
    func normalisation() throws {
        _ = try parse("{\"é\":1,\"e\u{301}\":2}")
    }

    @Test("names the field in its errors and never the value")
    func errors() throws {
        let json = try parse(#"{"seq":"secret"}"#)
        #expect(throws: JSONError.mismatch("seq", expected: "an integer")) { try json.value("seq", as: Int64.self) }
        #expect(throws: JSONError.missing("chat")) { try json.value("chat", as: String.self) }
    }

    @Test("reads what Foundation writes, and Foundation reads what the writer writes", arguments: 0..<200)
    func foundationAgrees(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = String(
            String.UnicodeScalarView(
                (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                    Unicode.Scalar(UInt32.random(in: 1...0x10FFFF, using: &random))
                }))
        let number = Int64.random(in: .min ... .max, using: &random)
        let written = try JSONSerialization.data(withJSONObject: ["text": text, "number": number])
        let json = try JSONDocument(parsing: Array(written)).root
        #expect(json["text"]?.string.map { Array($0.utf8) } == Array(text.utf8))
        #expect(json["number"]?.integer == number)

        var writer = JSONWriter()
        writer.object { json in
            json.field("text", text)
            json.field("number", number)
        }
        let read = try #require(
            JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [String: Any])
        #expect((read["text"] as? String).map { Array($0.utf8) } == Array(text.utf8))
        #expect((read["number"] as? NSNumber)?.int64Value == number)
    }

    @Test("never traps on hostile bytes", arguments: 0..<500)
    func hostileBytes(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        let alphabet = Array(#"{}[]",:\u0d8e1-.+tfn "#.utf8) + [0x00, 0xC3, 0xA9, 0xFF]
        let bytes = (0..<60).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        if let document = try? JSONDocument(parsing: bytes) {
            _ = document.root.string
            _ = document.root.elements?.map(\.integer)
        }
    }
}
