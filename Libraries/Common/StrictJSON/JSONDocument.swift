/// A parsed JSON text (RFC 8259), stricter than the RFC where leniency is a door:
/// duplicate keys, a byte order mark, invalid UTF-8, lone surrogates, `\u0000` and numbers that are not finite are
/// all refused, and depth and size have limits. Values stay in the source bytes and are read when asked for, so that
/// parsing costs one array and no strings.
@usableFromInline
package struct JSONDocument: Sendable {
    /// How deeply objects and arrays may nest.
    package static let depthMax = 32
    /// How many keys one object may have (the duplicate check compares them pairwise).
    package static let keysMax = 64

    enum Kind: UInt8, Sendable {
        case object, array, string, escapedString, integer, number, bool, null
    }

    /// One value: `start..<end` are its bytes (without the quotes of a string), `next` the node after all its children.
    struct Node: Sendable {
        var kind: Kind
        var start: Int32
        var end: Int32
        var next: Int32
    }

    let bytes: [UInt8]
    let nodes: [Node]

    /// Parses all of `bytes` as one value.
    /// - Throws: ``JSONError/malformed(_:offset:)`` with the first offence.
    @usableFromInline
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        try parser.parseDocument()
        self.bytes = bytes
        self.nodes = parser.nodes
    }

    /// The outermost value.
    @usableFromInline
    package var root: JSONValue { JSONValue(document: self, index: 0) }
}

/// Why a text is not the JSON that was asked for. Its description is safe to show to a client: it names fields and
/// positions, never values.
@usableFromInline
package enum JSONError: Error, Equatable, CustomStringConvertible {
    case malformed(String, offset: Int)
    case missing(String)
    case mismatch(String, expected: String)

    @usableFromInline
    package var description: String {
        switch self {
        case .malformed(let why, let offset): "not valid JSON: \(why) at byte \(offset)"
        case .missing(let field): "field \"\(field)\" is missing"
        case .mismatch(let field, let expected): "field \"\(field)\" must be \(expected)"
        }
    }
}
