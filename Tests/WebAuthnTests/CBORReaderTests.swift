import Testing
import WebAuthn

@Suite("CBOR") struct CBORReaderTests {
    @Test(
        arguments: [
            ([0x00], CBORValue.unsigned(0)), ([0x17], .unsigned(23)), ([0x18, 0x18], .unsigned(24)),
            ([0x19, 0x01, 0x00], .unsigned(256)), ([0x1A, 0, 1, 0, 0], .unsigned(65_536)),
            ([0x1B, 0, 0, 0, 1, 0, 0, 0, 0], .unsigned(1 << 32)),
            ([0x1B, 255, 255, 255, 255, 255, 255, 255, 255], .unsigned(.max)), ([0x26], .negative(6)),
            ([0x3B, 255, 255, 255, 255, 255, 255, 255, 255], .negative(.max)), ([0x43, 1, 2, 3], .bytes([1, 2, 3])),
            ([0x63, 0x66, 0x6D, 0x74], .text("fmt")), ([0x82, 0xF4, 0xF5], .array([.bool(false), .bool(true)])),
            ([0xA0], .map([])), ([0xA1, 0x01, 0xF6], .map([.init(key: .unsigned(1), value: .null)])),
        ] as [([UInt8], CBORValue)])
    func valuesAreRead(bytes: [UInt8], value: CBORValue) throws {
        #expect(try CBORReader.parse(bytes[...]) == value)
    }

    @Test(
        arguments: [
            [], [0x18], [0x19, 0x01], [0x1B, 0, 0, 0, 1], [0x42, 1], [0x62, 0x61], [0x82, 0x01], [0xA1, 0x01],
            // Numbers that are not in their shortest form.
            [0x18, 0x17], [0x19, 0x00, 0xFF], [0x1A, 0, 0, 0xFF, 0xFF], [0x1B, 0, 0, 0, 0, 255, 255, 255, 255],
            [0x58, 1, 0],
            // Indefinite lengths, reserved numbers, a lone break.
            [0x1F], [0x5F, 0x41, 0, 0xFF], [0x7F, 0xFF], [0x9F, 0xFF], [0xBF, 0xFF], [0x1C], [0x1D], [0x1E], [0xFF],
            // Tags, floats, undefined, other simple values.
            [0xC0, 0x00], [0xD8, 0x20, 0x00], [0xF9, 0, 0], [0xFA, 0, 0, 0, 0], [0xFB, 0, 0, 0, 0, 0, 0, 0, 0], [0xF7],
            [0xE0], [0xF8, 0xFF],
            // Text that is not UTF-8, a key twice, something behind the end.
            [0x61, 0xFF], [0x63, 0xED, 0xA0, 0x80], [0xA2, 0x01, 0x00, 0x01, 0x00], [0x00, 0x00], [0xA0, 0xA0],
        ] as [[UInt8]])
    func whatIsNotInTheOneFormIsRefused(_ bytes: [UInt8]) {
        #expect(throws: CBORReader.Failure.malformed) { try CBORReader.parse(bytes[...]) }
    }

    @Test(arguments: [0x5B, 0x7B, 0x9B, 0xBB, 0x3B] as [UInt8])
    func aLengthThatNobodyHasIsRefusedBeforeAnythingIsTaken(_ first: UInt8) {
        for length: [UInt8] in [[UInt8](repeating: 0xFF, count: 8), [0x7F] + [UInt8](repeating: 0xFF, count: 7)] {
            let value = try? CBORReader.parse([first] + length)
            #expect(first == 0x3B ? value != nil : value == nil)
        }
    }

    @Test func nestingAndNumberOfValuesHaveLimits() throws {
        let deep = { (depth: Int) in [UInt8](repeating: 0x81, count: depth) + [0x00] }
        _ = try CBORReader.parse(deep(CBORReader.depthMax)[...])
        #expect(throws: CBORReader.Failure.tooDeep) { try CBORReader.parse(deep(CBORReader.depthMax + 1)[...]) }
        #expect(throws: CBORReader.Failure.tooDeep) { try CBORReader.parse(deep(50_000)[...]) }
        let wide = { (count: Int) in [0x98, UInt8(count)] + [UInt8](repeating: 0, count: count) }
        _ = try CBORReader.parse(wide(CBORReader.valuesMax - 1)[...])
        let two: [UInt8] = [0x82] + wide(200) + wide(200)
        #expect(throws: CBORReader.Failure.tooMany) { try CBORReader.parse(two[...]) }
        let many: [UInt8] = [0x99, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 65_535)
        #expect(throws: CBORReader.Failure.tooMany) { try CBORReader.parse(many[...]) }
    }

    @Test func whatFollowsAValueIsLeft() throws {
        var reader = CBORReader([0x01, 0x02, 0x03])
        #expect(try reader.value() == .unsigned(1))
        #expect(reader.rest == [0x02, 0x03])
    }
}
