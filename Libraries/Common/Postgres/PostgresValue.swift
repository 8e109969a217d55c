package import ChatProtocol

/// A type that can be bound to a statement, in PostgreSQL's binary format.
package protocol PostgresEncodable: Sendable {
    /// The type's object id in pg_type, which never changes for built-in types.
    static var postgresType: UInt32 { get }
    /// The object id of its array type.
    static var postgresArrayType: UInt32 { get }
    func encodePostgres(into bytes: inout [UInt8])
}

/// A type that can be read from a column in PostgreSQL's binary format.
@usableFromInline
package protocol PostgresDecodable {
    init?(postgres bytes: ArraySlice<UInt8>)
}

package typealias PostgresCodable = PostgresEncodable & PostgresDecodable

extension Array where Element == UInt8 {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension ArraySlice<UInt8> {
    @inlinable
    func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard count == Value.bitWidth / 8 else { return nil }
        return withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(as: Value.self)) }
    }
}

extension Int64: PostgresCodable {
    package static var postgresType: UInt32 { 20 }
    package static var postgresArrayType: UInt32 { 1016 }
    package func encodePostgres(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }

    /// Reads int8 and int4.
    @usableFromInline
    package init?(postgres bytes: ArraySlice<UInt8>) {
        if bytes.count == 4, let value = bytes.bigEndian(Int32.self) {
            self = Int64(value)
        } else if let value = bytes.bigEndian(Int64.self) {
            self = value
        } else {
            return nil
        }
    }
}

extension Bool: PostgresCodable {
    package static var postgresType: UInt32 { 16 }
    package static var postgresArrayType: UInt32 { 1000 }
    package func encodePostgres(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    @usableFromInline
    package init?(postgres bytes: ArraySlice<UInt8>) {
        guard bytes.count == 1 else { return nil }
        self = bytes.first == 1
    }
}

extension String: PostgresCodable {
    package static var postgresType: UInt32 { 25 }
    package static var postgresArrayType: UInt32 { 1009 }
    package func encodePostgres(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    @usableFromInline
    package init?(postgres bytes: ArraySlice<UInt8>) { self.init(decoding: bytes, as: UTF8.self) }
}

/// Bytes of a `bytea`.
package struct PostgresBytes: PostgresCodable {
    package let bytes: [UInt8]
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package static var postgresType: UInt32 { 17 }
    package static var postgresArrayType: UInt32 { 1001 }
    package func encodePostgres(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.bytes) }
    package init?(postgres bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }
}

/// UTF-8 bytes of a `text`, without the detour over String.
package struct PostgresText: PostgresCodable {
    package let utf8: [UInt8]
    package init(_ utf8: [UInt8]) { self.utf8 = utf8 }
    package static var postgresType: UInt32 { 25 }
    package static var postgresArrayType: UInt32 { 1009 }
    package func encodePostgres(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    package init?(postgres bytes: ArraySlice<UInt8>) { utf8 = Array(bytes) }
}

extension Identifier: PostgresCodable {
    package static var postgresType: UInt32 { 2950 }
    package static var postgresArrayType: UInt32 { 2951 }
    package func encodePostgres(into bytes: inout [UInt8]) {
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
    }
    package init?(postgres bytes: ArraySlice<UInt8>) { self.init(bytes: bytes) }
}

/// A chat hash is 16 bytes and kept as `uuid`, PostgreSQL's only fixed type of that size.
extension ChatHash: PostgresCodable {
    package static var postgresType: UInt32 { 2950 }
    package static var postgresArrayType: UInt32 { 2951 }
    package func encodePostgres(into bytes: inout [UInt8]) {
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
    }
    package init?(postgres bytes: ArraySlice<UInt8>) { self.init(bytes: bytes) }
}

/// `timestamptz` is microseconds since 2000-01-01 UTC.
extension Timestamp: PostgresCodable {
    private static var epochOffset: Int64 { 946_684_800_000 }
    package static var postgresType: UInt32 { 1184 }
    package static var postgresArrayType: UInt32 { 1185 }
    package func encodePostgres(into bytes: inout [UInt8]) {
        bytes.appendBigEndian((milliseconds - Self.epochOffset) * 1000)
    }
    package init?(postgres bytes: ArraySlice<UInt8>) {
        guard let microseconds = bytes.bigEndian(Int64.self) else { return nil }
        self.init(milliseconds: microseconds / 1000 + Self.epochOffset)
    }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    package static var postgresType: UInt32 { Element.postgresArrayType }
    package static var postgresArrayType: UInt32 { Element.postgresArrayType }

    package func encodePostgres(into bytes: inout [UInt8]) {
        bytes.appendBigEndian(Int32(isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(Element.postgresType)
        guard !isEmpty else { return }
        bytes.appendBigEndian(Int32(count))
        bytes.appendBigEndian(Int32(1))
        for element in self { bytes.appendLengthPrefixed(element) }
    }
}

/// Reads a one-dimensional array without NULLs (the format of `array_send`).
extension Array: PostgresDecodable where Element: PostgresDecodable {
    @inlinable
    package init?(postgres bytes: ArraySlice<UInt8>) {
        self = []
        var rest = bytes
        func number() -> Int? {
            guard rest.count >= 4, let value = rest.prefix(4).bigEndian(Int32.self) else { return nil }
            rest = rest.dropFirst(4)
            return Int(value)
        }
        guard let dimensions = number(), number() != nil, number() != nil else { return nil }
        if dimensions == 0 { return }
        guard dimensions == 1, let count = number(), number() != nil else { return nil }
        for _ in 0..<Swift.max(0, count) {
            guard let length = number(), length >= 0, rest.count >= length,
                let element = Element(postgres: rest.prefix(length))
            else { return nil }
            append(element)
            rest = rest.dropFirst(length)
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate mutating func appendLengthPrefixed(_ value: some PostgresEncodable) {
        let lengthAt = count
        appendBigEndian(Int32(0))
        value.encodePostgres(into: &self)
        let length = Int32(count - lengthAt - 4)
        Swift.withUnsafeBytes(of: length.bigEndian) { replaceSubrange(lengthAt..<lengthAt + 4, with: $0) }
    }
}
