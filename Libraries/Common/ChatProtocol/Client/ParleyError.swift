package import StrictJSON

/// An error as a client sees it: a closed set of codes, an open message that never holds SQL, paths or values.
package struct ParleyError: Error, Equatable, Sendable, CustomStringConvertible {
    package let code: ErrorCode
    package let message: String
    /// The longest wait that is taken over from another service.
    package static let retryAfterMax: Duration = .seconds(3600)
    /// When it may be tried again.
    package let retryAfter: Duration?

    package init(_ code: ErrorCode, _ message: String, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    package static func badRequest(_ error: JSONError) -> ParleyError { ParleyError(.badRequest, error.description) }

    package static let chatNotFound = ParleyError(.notFound, "no such chat")

    package static func unavailable(_ message: String, retryAfter: Duration = .seconds(1)) -> ParleyError {
        ParleyError(.unavailable, message, retryAfter: retryAfter)
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

extension ParleyError: JSONEncodable {
    /// The REST form: `{"error":{"code","message","retryable"}}`.
    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.key("error")
            json.object { json in
                json.field("code", code.rawValue)
                json.field("message", message)
                json.field("retryable", code.retryable)
                json.field("retry_after_ms", ifPresent: retryAfter?.milliseconds)
            }
        }
    }
}

extension ParleyError: JSONDecodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let error = json["error"] else { throw .missing("error") }
        let code = try error.value("code", as: String.self)
        let wait = try error.optional("retry_after_ms", as: Int64.self).map { Duration.milliseconds($0) }
        self.init(
            ErrorCode(rawValue: code) ?? .internal, try error.value("message"),
            retryAfter: wait.map { min(max($0, .zero), Self.retryAfterMax) })
    }
}
