/// A value of CBOR (RFC 8949), of the kinds that authenticators send.
package enum CBORValue: Equatable, Sendable {
    case unsigned(UInt64)
    /// -1 minus this.
    case negative(UInt64)
    case bytes(ArraySlice<UInt8>)
    case text(String)
    case array([CBORValue])
    case map([Pair])
    case bool(Bool)
    case null

    package struct Pair: Equatable, Sendable {
        package let key: CBORValue
        package let value: CBORValue

        package init(key: CBORValue, value: CBORValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a key of a map.
    package subscript(_ key: CBORValue) -> CBORValue? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    package var byteString: ArraySlice<UInt8>? {
        guard case .bytes(let bytes) = self else { return nil }
        return bytes
    }
}

/// Reads CBOR in the one form that CTAP2 allows (FIDO CTAP 2.1, section 8): definite lengths, shortest numbers, no
/// tags, no duplicate keys. Floats, which no authenticator has a use for, are refused as well.
package struct CBORReader: Sendable {
    package enum Failure: Error, Equatable {
        case malformed, tooDeep, tooMany
    }

    /// How deeply arrays and maps may nest: certificates of an attestation are at 3.
    package static let depthMax = 4
    /// How many values there may be in all.
    package static let valuesMax = 256

    /// What was not read yet.
    package private(set) var rest: ArraySlice<UInt8>
    private var values = 0

    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Reads all of the bytes as one value.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(Failure) -> CBORValue {
        var reader = CBORReader(bytes)
        let value = try reader.value()
        guard reader.rest.isEmpty else { throw .malformed }
        return value
    }

    /// Reads the next value; what follows it is left in ``rest``.
    package mutating func value() throws(Failure) -> CBORValue { try value(depth: 0) }

    private mutating func value(depth: Int) throws(Failure) -> CBORValue {
        values += 1
        guard values <= Self.valuesMax else { throw .tooMany }
        guard let first = rest.popFirst() else { throw .malformed }
        let kind = first >> 5
        if kind == 7 { return try simple(first & 31) }
        let argument = try self.argument(first & 31)
        switch kind {
        case 0: return .unsigned(argument)
        case 1: return .negative(argument)
        case 2: return .bytes(try take(argument))
        case 3:
            guard let text = String(validating: try take(argument), as: UTF8.self) else { throw .malformed }
            return .text(text)
        case 4, 5:
            guard depth < Self.depthMax else { throw .tooDeep }
            if kind == 4 { return try array(argument, depth + 1) }
            return try map(argument, depth + 1)
        default: throw .malformed
        }
    }

    private mutating func array(_ count: UInt64, _ depth: Int) throws(Failure) -> CBORValue {
        guard count <= UInt64(Self.valuesMax) else { throw .tooMany }
        var elements: [CBORValue] = []
        for _ in 0..<count { elements.append(try value(depth: depth)) }
        return .array(elements)
    }

    private mutating func map(_ count: UInt64, _ depth: Int) throws(Failure) -> CBORValue {
        guard count <= UInt64(Self.valuesMax) else { throw .tooMany }
        var pairs: [CBORValue.Pair] = []
        for _ in 0..<count {
            let key = try value(depth: depth)
            guard !pairs.contains(where: { $0.key == key }) else { throw .malformed }
            pairs.append(.init(key: key, value: try value(depth: depth)))
        }
        return .map(pairs)
    }

    private func simple(_ number: UInt8) throws(Failure) -> CBORValue {
        switch number {
        case 20: .bool(false)
        case 21: .bool(true)
        case 22: .null
        default: throw .malformed
        }
    }

    /// The number in or behind the first byte, in its shortest form only.
    private mutating func argument(_ low: UInt8) throws(Failure) -> UInt64 {
        if low < 24 { return UInt64(low) }
        guard low < 28 else { throw .malformed }
        let number = try take(1 << UInt64(low - 24)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let least: [UInt64] = [24, 1 << 8, 1 << 16, 1 << 32]
        guard number >= least[Int(low - 24)] else { throw .malformed }
        return number
    }

    private mutating func take(_ count: UInt64) throws(Failure) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw .malformed }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }
}
