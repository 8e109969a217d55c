/// Writes JSON text into one byte array: keys in the order they are written, no white space.
@usableFromInline
package struct JSONWriter: Sendable {
    @usableFromInline
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    @usableFromInline
    package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    /// The JSON text of a value.
    @inlinable
    package static func encode(_ value: some JSONEncodable) -> [UInt8] {
        var writer = JSONWriter()
        value.encode(to: &writer)
        return writer.bytes
    }

    /// An object; `body` writes its fields.
    @inlinable
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    /// An array of values.
    @inlinable
    package mutating func array(_ values: [some JSONEncodable]) {
        open(UInt8(ascii: "["))
        for value in values { value.encode(to: &self) }
        close(UInt8(ascii: "]"))
    }

    @inlinable
    package mutating func field(_ key: StaticString, _ value: some JSONEncodable) {
        self.key(key)
        value.encode(to: &self)
    }

    /// A field that is left out where the value is nil.
    @inlinable
    package mutating func field(_ key: StaticString, ifPresent value: (some JSONEncodable)?) {
        if let value { field(key, value) }
    }

    /// A field that is `null` where the value is nil.
    @inlinable
    package mutating func field(_ key: StaticString, orNull value: (some JSONEncodable)?) {
        self.key(key)
        if let value { value.encode(to: &self) } else { null() }
    }

    @usableFromInline
    package mutating func key(_ key: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A key that is only known at run time.
    package mutating func key(dynamic key: String) {
        string(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    @usableFromInline
    package mutating func null() {
        separate()
        bytes.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
        needsComma = true
    }

    package mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
        needsComma = true
    }

    package mutating func integer(_ value: Int64) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { appendEscaped($0) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A string of bytes that need no escape (ids, times, hashes).
    package mutating func plainString(_ text: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A string that is written here and needs no escape.
    package mutating func word(_ text: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A value that is JSON text already.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var clean = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean..<index]))
            clean = index + 1
            appendEscape(of: byte)
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[clean...]))
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }

    @usableFromInline
    mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    @usableFromInline
    mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}

/// A type that writes itself as one JSON value.
@usableFromInline
package protocol JSONEncodable {
    func encode(to json: inout JSONWriter)
}

package typealias JSONCodable = JSONDecodable & JSONEncodable

extension String: JSONEncodable {
    @usableFromInline
    package func encode(to json: inout JSONWriter) { json.string(self) }
}

extension Int: JSONEncodable {
    @usableFromInline
    package func encode(to json: inout JSONWriter) { json.integer(Int64(self)) }
}

extension Int64: JSONEncodable {
    @usableFromInline
    package func encode(to json: inout JSONWriter) { json.integer(self) }
}

extension Bool: JSONEncodable {
    @usableFromInline
    package func encode(to json: inout JSONWriter) { json.bool(self) }
}

extension Array: JSONEncodable where Element: JSONEncodable {
    @inlinable
    package func encode(to json: inout JSONWriter) { json.array(self) }
}
