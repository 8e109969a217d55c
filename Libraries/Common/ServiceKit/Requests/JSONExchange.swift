package import ChatProtocol
package import ClientThread
import HTTPTypes
package import Hummingbird
import NIOCore
package import StrictJSON

extension Response {
    package static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    package static func json(_ value: some JSONEncodable, status: HTTPResponse.Status = .ok) -> Response {
        json(JSONWriter.encode(value), status: status)
    }

    /// An object whose fields `write` adds.
    package static func json(
        status: HTTPResponse.Status = .ok, fields write: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter()
        writer.object(write)
        return json(writer.bytes, status: status)
    }

    package static var noContent: Response { Response(status: .noContent) }

    /// The one form of an error.
    package static func error(_ error: ParleyError) -> Response {
        var response = json(error, status: HTTPResponse.Status(code: error.code.status))
        let isTemporary = error.code == .unavailable || error.code == .rateLimited
        if let retryAfter = error.retryAfter ?? (isTemporary ? .seconds(1) : nil) {
            response.headers[.retryAfter] = String(retryAfter.wholeSeconds)
        }
        if error.code == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension Request {
    /// Reads the body as JSON.
    /// - Throws: ``ParleyError``: `unsupported_media_type`, `too_large` or `bad_request`.
    package func decode<Value: JSONDecodable>(
        _ type: Value.Type = Value.self, bytesMax: Int = Limits.requestBytesMax
    ) async throws -> Value {
        let bytes = try await collectJSON(bytesMax: bytesMax)
        do throws(JSONError) {
            return try Value(object: bytes)
        } catch {
            throw ParleyError.badRequest(error)
        }
    }

    /// The body, which says that it is JSON.
    func collectJSON(bytesMax: Int) async throws -> [UInt8] {
        let mediaType = headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() } ?? ""
        guard mediaType.filter({ $0 != " " }) == "application/json" else {
            throw ParleyError(.unsupportedMediaType, "the body must be application/json")
        }
        do {
            return Array(try await body.collect(upTo: bytesMax).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw ParleyError(.tooLarge, "the body has more than \(bytesMax) bytes")
        } catch let error as CancellationError {
            throw error
        } catch {
            // A body comes from the client's connection and from nowhere else: who breaks off is not a fault to page for.
            throw ParleyError(.badRequest, "the body broke off")
        }
    }

    /// The number of a query parameter; nil where it is not there.
    /// - Throws: ``ParleyError`` `bad_request` for anything but a whole number in the range.
    package func number(_ name: String, in range: ClosedRange<Int64>) throws(ParleyError) -> Int64? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        let digits = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard digits, let number = Int64(text), range.contains(number) else {
            throw ParleyError(
                .badRequest, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// When the caller stops waiting, as it said, and at most `most` from now.
    package func deadline(atMost most: Duration) -> Deadline { .after(min(headers.statedPatience ?? most, most)) }
}

extension HTTPFields {
    /// How long the caller says that it waits, in the `parley-deadline-ms` header.
    var statedPatience: Duration? { self[.deadline].flatMap { Int64($0) }.map { .milliseconds(Swift.max(0, $0)) } }
}

extension JSONDecodable {
    /// Reads a body, which is always an object.
    init(object bytes: [UInt8]) throws(JSONError) {
        let json = try JSONDocument(parsing: bytes).root
        guard json.isObject else { throw .mismatch("body", expected: "an object") }
        try self.init(json: json, field: "body")
    }
}

extension ParleyRequestContext {
    /// A path parameter as an id or a hash; what is none is answered as what does not exist.
    package func parameter<Value>(_ name: String, _ make: (Substring) -> Value?) throws(ParleyError) -> Value {
        guard let text = parameters.get(name), let value = make(text[...]) else {
            throw ParleyError(.notFound, "no such thing")
        }
        return value
    }
}
