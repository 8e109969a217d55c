/// One value of a ``JSONDocument``, read on demand.
@usableFromInline
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    fileprivate var node: JSONDocument.Node { document.nodes[index] }

    /// The bytes of the value in the source: of a string, what stands between the quotes.
    private var source: ArraySlice<UInt8> { document.bytes[Int(node.start)..<Int(node.end)] }

    @usableFromInline
    package var isNull: Bool { node.kind == .null }
    package var isObject: Bool { node.kind == .object }

    /// The text of a string, or nil for any other kind.
    package var string: String? {
        switch node.kind {
        case .string: String(decoding: source, as: UTF8.self)
        case .escapedString: String(decoding: JSONText.unescape(source), as: UTF8.self)
        default: nil
        }
    }

    /// The bytes of a string, or nil for any other kind. Without an escape no copy is made.
    package var stringBytes: ArraySlice<UInt8>? {
        switch node.kind {
        case .string: source
        case .escapedString: JSONText.unescape(source)[...]
        default: nil
        }
    }

    /// A string of at most 64 bytes of ASCII, or nil. What is compared with words of the protocol is read so: Swift
    /// compares other strings by their normal form, and finding that takes a second for 64 KiB of combining marks.
    package var word: String? {
        guard let bytes = stringBytes, bytes.count <= 64, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An integer without fraction or exponent that fits 64 bits, or nil.
    package var integer: Int64? {
        guard node.kind == .integer else { return nil }
        var digits = source
        let negative = digits.first == UInt8(ascii: "-")
        if negative { digits = digits.dropFirst() }
        var value: Int64 = 0
        for digit in digits {
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let step = Int64(digit - UInt8(ascii: "0"))
            let (sum, carry) =
                negative ? scaled.subtractingReportingOverflow(step) : scaled.addingReportingOverflow(step)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    package var bool: Bool? { node.kind == .bool ? source.first == UInt8(ascii: "t") : nil }

    /// The elements of an array, or nil for any other kind.
    @usableFromInline
    package var elements: [JSONValue]? {
        guard node.kind == .array else { return nil }
        var result: [JSONValue] = []
        var child = index + 1
        while child < Int(node.next) {
            result.append(JSONValue(document: document, index: child))
            child = Int(document.nodes[child].next)
        }
        return result
    }

    /// The value of a key of an object; nil where there is none or the value is no object.
    @usableFromInline
    package subscript(_ key: StaticString) -> JSONValue? {
        guard node.kind == .object else { return nil }
        let wanted = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        var child = index + 1
        while child < Int(node.next) {
            let name = JSONValue(document: document, index: child)
            if name.stringBytes?.elementsEqual(wanted) == true {
                return JSONValue(document: document, index: child + 1)
            }
            child = Int(document.nodes[child + 1].next)
        }
        return nil
    }

    // The generic code here and below is inlinable, so that it is compiled for the types that use it. Otherwise each use
    // asks the runtime for the metadata of its types, which cost more than the parsing (docs/performance.md).

    /// The value of a key that must be there.
    @inlinable
    package func value<Value: JSONDecodable>(
        _ key: StaticString, as type: Value.Type = Value.self
    ) throws(JSONError) -> Value {
        guard let found = self[key], !found.isNull else { throw .missing(key.description) }
        return try Value(json: found, field: key.description)
    }

    /// The value of a key that may be missing or null.
    @inlinable
    package func optional<Value: JSONDecodable>(
        _ key: StaticString, as type: Value.Type = Value.self
    ) throws(JSONError) -> Value? {
        guard let found = self[key], !found.isNull else { return nil }
        return try Value(json: found, field: key.description)
    }
}

/// A type that reads itself from a JSON value. `field` is the name for the error message.
@usableFromInline
package protocol JSONDecodable {
    init(json: JSONValue, field: String) throws(JSONError)
}

extension JSONDecodable {
    /// Parses a whole JSON text as this type.
    @inlinable
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        try self.init(json: JSONDocument(parsing: bytes).root, field: "body")
    }
}

extension String: JSONDecodable {
    @usableFromInline
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let text = json.string else { throw .mismatch(field, expected: "a string") }
        self = text
    }
}

extension Int64: JSONDecodable {
    @usableFromInline
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let value = json.integer else { throw .mismatch(field, expected: "an integer") }
        self = value
    }
}

extension Int: JSONDecodable {
    @usableFromInline
    package init(json: JSONValue, field: String) throws(JSONError) {
        self = Int(try Int64(json: json, field: field))
    }
}

extension Bool: JSONDecodable {
    @usableFromInline
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let value = json.bool else { throw .mismatch(field, expected: "true or false") }
        self = value
    }
}

extension Array: JSONDecodable where Element: JSONDecodable {
    @inlinable
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let elements = json.elements else { throw .mismatch(field, expected: "an array") }
        self = []
        reserveCapacity(elements.count)
        for element in elements { append(try Element(json: element, field: field)) }
    }
}

extension JSONValue {
    /// The JSON text of the value as it stands in the source.
    package var rawText: ArraySlice<UInt8> {
        switch node.kind {
        case .string, .escapedString: document.bytes[Int(node.start) - 1..<Int(node.end) + 1]
        default: document.bytes[Int(node.start)..<Int(node.end)]
        }
    }
}
