/// The one pass over the bytes that makes the nodes of a ``JSONDocument``. Every index is checked against the end, and
/// recursion is bounded by ``JSONDocument/depthMax``.
struct JSONParser {
    private let bytes: [UInt8]
    private var index = 0
    private(set) var nodes: [JSONDocument.Node] = []

    init(bytes: [UInt8]) {
        self.bytes = bytes
        nodes.reserveCapacity(16)
    }

    mutating func parseDocument() throws(JSONError) {
        guard bytes.count < Int(Int32.max) else { throw failure("too large") }
        skipSpace()
        try parseValue(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw failure("unexpected text after the value") }
    }

    // MARK: Values

    private mutating func parseValue(depth: Int) throws(JSONError) {
        guard index < bytes.count else { throw failure("unexpected end") }
        switch bytes[index] {
        case UInt8(ascii: "{"): try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "t"): try parseLiteral("true", .bool)
        case UInt8(ascii: "f"): try parseLiteral("false", .bool)
        case UInt8(ascii: "n"): try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
        default: throw failure("unexpected character")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) {
        let own = try open(.object, depth: depth)
        var keys: [Int] = []
        index += 1
        skipSpace()
        if consume(UInt8(ascii: "}")) { return close(own) }
        repeat {
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw failure("expected a key") }
            let key = nodes.count
            try parseString()
            try refuseDuplicate(key, among: keys)
            keys.append(key)
            guard keys.count <= JSONDocument.keysMax else { throw failure("too many keys") }
            skipSpace()
            guard consume(UInt8(ascii: ":")) else { throw failure("expected ':'") }
            skipSpace()
            try parseValue(depth: depth)
            skipSpace()
        } while consume(UInt8(ascii: ","))
        guard consume(UInt8(ascii: "}")) else { throw failure("expected ',' or '}'") }
        close(own)
    }

    private mutating func parseArray(depth: Int) throws(JSONError) {
        let own = try open(.array, depth: depth)
        index += 1
        skipSpace()
        if consume(UInt8(ascii: "]")) { return close(own) }
        repeat {
            skipSpace()
            try parseValue(depth: depth)
            skipSpace()
        } while consume(UInt8(ascii: ","))
        guard consume(UInt8(ascii: "]")) else { throw failure("expected ',' or ']'") }
        close(own)
    }

    private mutating func open(_ kind: JSONDocument.Kind, depth: Int) throws(JSONError) -> Int {
        guard depth <= JSONDocument.depthMax else { throw failure("nested too deeply") }
        nodes.append(.init(kind: kind, start: Int32(index), end: 0, next: 0))
        return nodes.count - 1
    }

    private mutating func close(_ node: Int) {
        nodes[node].end = Int32(index)
        nodes[node].next = Int32(nodes.count)
    }

    private mutating func add(_ kind: JSONDocument.Kind, _ start: Int, _ end: Int) {
        nodes.append(.init(kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
    }

    private func refuseDuplicate(_ key: Int, among others: [Int]) throws(JSONError) {
        for other in others where sameText(nodes[key], nodes[other]) { throw failure("duplicate key") }
    }

    private func sameText(_ a: JSONDocument.Node, _ b: JSONDocument.Node) -> Bool {
        if a.kind == .string && b.kind == .string {
            return a.end - a.start == b.end - b.start
                && bytes[Int(a.start)..<Int(a.end)].elementsEqual(bytes[Int(b.start)..<Int(b.end)])
        }
        return JSONText.unescape(bytes[Int(a.start)..<Int(a.end)])
            .elementsEqual(JSONText.unescape(bytes[Int(b.start)..<Int(b.end)]))
    }

    // MARK: Scalars

    private mutating func parseLiteral(_ text: StaticString, _ kind: JSONDocument.Kind) throws(JSONError) {
        let end = index + text.utf8CodeUnitCount
        guard end <= bytes.count else { throw failure("unexpected character") }
        for offset in 0..<text.utf8CodeUnitCount where bytes[index + offset] != text.utf8Start[offset] {
            throw failure("unexpected character")
        }
        add(kind, index, end)
        index = end
    }

    private mutating func parseNumber() throws(JSONError) {
        let start = index
        var kind = JSONDocument.Kind.integer
        _ = consume(UInt8(ascii: "-"))
        if !consume(UInt8(ascii: "0")) {
            guard skipDigits() > 0 else { throw failure("expected a digit") }
        }
        if consume(UInt8(ascii: ".")) {
            kind = .number
            guard skipDigits() > 0 else { throw failure("expected a digit") }
        }
        if consume(UInt8(ascii: "e")) || consume(UInt8(ascii: "E")) {
            kind = .number
            if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
            guard skipDigits() > 0 else { throw failure("expected a digit") }
        }
        if kind == .number {
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            guard let value = Double(text), value.isFinite else { throw failure("number out of range") }
        }
        add(kind, start, index)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") { index += 1 }
        return index - start
    }

    private mutating func parseString() throws(JSONError) {
        index += 1
        let start = index
        var escaped = false
        var plainASCII = true
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                if !plainASCII, !JSONText.isValidUTF8(bytes[start..<index]) { throw failure("invalid UTF-8") }
                add(escaped ? .escapedString : .string, start, index)
                index += 1
                return
            }
            guard byte >= 0x20 else { throw failure("control character in a string") }
            if byte >= 0x80 { plainASCII = false }
            index += 1
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try skipEscape()
            }
        }
        throw failure("unterminated string")
    }

    /// Checks what follows a backslash; surrogates must come in pairs and `\u0000` is refused.
    private mutating func skipEscape() throws(JSONError) {
        guard index < bytes.count else { throw failure("unterminated string") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try skipHexUnit()
            switch unit {
            case 0: throw failure("NUL in a string")
            case 0xD800...0xDBFF:
                guard consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")),
                    (0xDC00...0xDFFF).contains(try skipHexUnit())
                else { throw failure("lone surrogate") }
            case 0xDC00...0xDFFF: throw failure("lone surrogate")
            default: return
            }
        default: throw failure("unknown escape")
        }
    }

    private mutating func skipHexUnit() throws(JSONError) -> UInt32 {
        guard index + 4 <= bytes.count else { throw failure("bad \\u escape") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = JSONText.hexDigit(bytes[index]) else { throw failure("bad \\u escape") }
            unit = unit << 4 | digit
            index += 1
        }
        return unit
    }

    // MARK: Characters

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private mutating func consume(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private func failure(_ why: String) -> JSONError { .malformed(why, offset: index) }
}

/// What a JSON string literal's bytes mean.
package enum JSONText {
    static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The bytes between the quotes of a literal that the parser has accepted, with its escapes resolved.
    static func unescape(_ source: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        var index = source.startIndex
        func unit(at start: Int) -> UInt32 {
            source[start..<start + 4].reduce(0) { $0 << 4 | (hexDigit($1) ?? 0) }
        }
        while index < source.endIndex {
            guard source[index] == UInt8(ascii: "\\") else {
                result.append(source[index])
                index += 1
                continue
            }
            let kind = source[index + 1]
            index += 2
            switch kind {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit(at: index)
                index += 4
                if (0xD800...0xDBFF).contains(scalar) {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (unit(at: index + 2) - 0xDC00)
                    index += 6
                }
                if let value = Unicode.Scalar(scalar) { result.append(contentsOf: Character(value).utf8) }
            default: result.append(kind)
            }
        }
        return result
    }

    /// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates).
    package static func isValidUTF8(_ bytes: some Collection<UInt8>) -> Bool {
        let valid = bytes.withContiguousStorageIfAvailable { buffer in
            var index = 0
            while index < buffer.count {
                let byte = buffer[index]
                if byte < 0x80 {
                    index += 1
                    continue
                }
                let length: Int
                var low: UInt8 = 0x80
                var high: UInt8 = 0xBF
                switch byte {
                case 0xC2...0xDF: length = 2
                case 0xE0: (length, low) = (3, 0xA0)
                case 0xED: (length, high) = (3, 0x9F)
                case 0xE1...0xEF: length = 3
                case 0xF0: (length, low) = (4, 0x90)
                case 0xF4: (length, high) = (4, 0x8F)
                case 0xF1...0xF3: length = 4
                default: return false
                }
                guard index + length <= buffer.count, (low...high).contains(buffer[index + 1]) else { return false }
                for offset in 2..<max(length, 2) where buffer[index + offset] & 0xC0 != 0x80 { return false }
                index += length
            }
            return true
        }
        return valid ?? isValidUTF8(Array(bytes))
    }
}
