/// A statement and its binds. Written as a string literal whose interpolations become parameters, so that text from
/// outside cannot become SQL:
///
///     let query: PostgresQuery = "SELECT body FROM messages WHERE chat = \(chat) AND seq = \(seq)"
package struct PostgresQuery: ExpressibleByStringInterpolation, Sendable {
    package let sql: String
    let parameters: Parameters

    /// All parameters in one run of bytes: `ends[i]` is where parameter i ends, `isNull[i]` marks SQL NULL.
    struct Parameters: Sendable {
        var types: [UInt32] = []
        var ends: [Int] = []
        var isNull: [Bool] = []
        var bytes: [UInt8] = []
    }

    package init(stringLiteral value: String) {
        sql = value
        parameters = Parameters()
    }

    package init(stringInterpolation: StringInterpolation) {
        sql = stringInterpolation.sql
        parameters = stringInterpolation.parameters
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var sql = ""
        var parameters = Parameters()

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { sql += literal }

        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            value.encodePostgres(into: &parameters.bytes)
            endParameter(type: Value.postgresType, isNull: false)
        }

        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            value?.encodePostgres(into: &parameters.bytes)
            endParameter(type: Value.postgresType, isNull: value == nil)
        }

        /// A piece of SQL that is written in the source: a `StaticString` cannot come from outside.
        package mutating func appendInterpolation(raw sql: StaticString) { self.sql += sql.description }

        private mutating func endParameter(type: UInt32, isNull: Bool) {
            parameters.types.append(type)
            parameters.ends.append(parameters.bytes.count)
            parameters.isNull.append(isNull)
            sql += "$\(parameters.types.count)"
        }
    }
}
