import ChatProtocol
import HTTPGuard
import HTTPTypes
package import Hummingbird
import Logging
import Observability

/// The outermost layer of every listener: gives the request its trace, turns every error into the one JSON form, counts,
/// and at level debug logs. What a client sees of an unexpected error is only that there was one; the log has the rest.
struct RequestBoundary: RouterMiddleware {
    typealias Context = ParleyRequestContext

    let requests: RequestLog
    let logger: Logger
    /// Whether the world is answered: then each answer says how its request stands with the rate limits, and what
    /// browsers may do with it.
    var isPublic = false

    func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let parent = request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }
        let trace = parent?.child() ?? TraceContext.make()
        // Without a route the method may be any word: a label must not be.
        let route = context.endpointPath ?? "none"
        let method = context.endpointPath == nil ? "none" : request.method.rawValue
        return await TraceContext.$current.withValue(trace) {
            var response: Response
            let standings = isPublic ? RateStandings() : nil
            do {
                response = try await RateStandings.$current.withValue(standings) { try await next(request, context) }
            } catch {
                response = Response.error(translate(error, request))
            }
            standings?.addHeaders(to: &response)
            if isPublic { response.secure() }
            requests.note(method, route, status: response.status.code, since: start)
            return response
        }
    }

    private func translate(_ error: any Error, _ request: Request) -> ParleyError {
        switch error {
        case let error as ParleyError:
            return error
        case let error as any HTTPResponseError:
            let code = ErrorCode.allCases.first { $0.status == error.status.code && $0 != .badFrame }
            return ParleyError(code ?? (error.status.code < 500 ? .badRequest : .internal), error.status.reasonPhrase)
        default:
            logger.error(
                "request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"])
            return ParleyError(.internal, "something went wrong here")
        }
    }
}

extension Response {
    /// Adds ``AnswerHeaders``, and `Cache-Control: no-store` where nothing else was said.
    fileprivate mutating func secure() {
        for (name, value) in Self.securityHeaders { headers[name] = value }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    }

    private static let securityHeaders = AnswerHeaders.security.map { (HTTPField.Name.known($0.name), $0.value) }
}

extension Duration {
    /// Whole nanoseconds; saturates far beyond any time measured here.
    package var nanoseconds: Int64 {
        let (scaled, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled + components.attoseconds / 1_000_000_000
    }
}

extension HTTPField.Name {
    package static let traceparent = known("traceparent")
    package static let retryAfter = known("retry-after")
    package static let forwardedFor = known("x-forwarded-for")
    package static let deadline = known("parley-deadline-ms")

    /// A name written here, which is legal.
    static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no header name") }
        return name
    }
}
