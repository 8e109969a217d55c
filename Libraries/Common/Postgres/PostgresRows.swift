/// The rows one statement returned, copied out of libpq's result into one run of bytes.
package struct PostgresRows: Sendable, RandomAccessCollection {
    let columnCount: Int
    /// Where each cell ends in `bytes`, row by row; the sign bit of `-1 - end` marks SQL NULL.
    let ends: [Int]
    let bytes: [UInt8]
    /// How many rows the statement touched, where it says so.
    package let affected: Int

    package var startIndex: Int { 0 }
    package var endIndex: Int { columnCount == 0 ? 0 : ends.count / columnCount }

    package subscript(position: Int) -> PostgresRow {
        precondition(position < endIndex)
        return PostgresRow(rows: self, first: position * columnCount)
    }
}

/// One row; columns are read by position.
package struct PostgresRow: Sendable {
    let rows: PostgresRows
    let first: Int

    /// The value of a column that is never NULL.
    /// - Throws: ``PostgresError/decoding(_:)`` where it is NULL or of another type.
    @inlinable
    package func get<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = try getOptional(column, as: type) else {
            throw .decoding("column \(column) is NULL or not \(type)")
        }
        return value
    }

    /// The value of a column that may be NULL.
    @inlinable
    package func getOptional<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        guard let bytes = try bytes(column) else { return nil }
        guard let value = Value(postgres: bytes) else { throw .decoding("column \(column) is not \(type)") }
        return value
    }

    /// What a column holds; nil for NULL.
    @usableFromInline
    func bytes(_ column: Int) throws(PostgresError) -> ArraySlice<UInt8>? {
        let cell = first + column
        guard column < rows.columnCount else { throw .decoding("no column \(column)") }
        let end = rows.ends[cell]
        if end < 0 { return nil }
        let start = cell == 0 ? 0 : rows.ends[cell - 1]
        return rows.bytes[(start < 0 ? -1 - start : start)..<end]
    }
}
