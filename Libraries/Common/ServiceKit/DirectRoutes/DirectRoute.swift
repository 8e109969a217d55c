package import ChatProtocol
package import ClientThread
import Hummingbird
import NIOCore
package import StrictJSON

/// An internal route on the path of every message. Its requests are answered on the thread that has the answer, without
/// a task: a request through the router costs 70 µs more of CPU, most of what a message that travels alone costs its
/// receiver (docs/performance.md). The router has the same route, for requests that are out of the ordinary.
package struct DirectRoute: Sendable {
    /// Takes the answer, exactly once, on any thread.
    package typealias Answer = @Sendable (Result<[UInt8], ParleyError>) -> Void

    let path: String
    let callers: [String]
    let bytesMax: Int
    /// The body, how long the caller said that it waits, and where the answer goes.
    let handle: @Sendable (_ body: [UInt8], _ stated: Duration?, _ answer: @escaping Answer) -> Void

    /// - Parameters:
    ///   - callers: the services that may call it.
    ///   - bytesMax: of a body.
    ///   - patience: the longest that a caller may wait.
    ///   - handle: is called on the event loop of the request and must not block; calls its last argument once.
    package init<Body: JSONDecodable & SendableMetatype, Value: JSONEncodable & SendableMetatype>(
        _ path: String, from callers: [String], bytesMax: Int, patience: Duration,
        handle: @escaping @Sendable (Body, Deadline, @escaping @Sendable (Value) -> Void) -> Void
    ) {
        self.path = path
        self.callers = callers
        self.bytesMax = bytesMax
        self.handle = { bytes, stated, answer in
            do throws(JSONError) {
                let body = try Body(object: bytes)
                handle(body, .after(min(stated ?? patience, patience))) { value in
                    answer(.success(JSONWriter.encode(value)))
                }
            } catch {
                answer(.failure(.badRequest(error)))
            }
        }
    }
}

extension RouterMethods where Context == ParleyRequestContext {
    /// The same route by way of the router.
    func add(_ route: DirectRoute) {
        onInternal(route.path, from: route.callers) { request, _ in
            let body = try await request.collectJSON(bytesMax: route.bytesMax)
            let stated = request.headers.statedPatience
            let answer = await withCheckedContinuation { continuation in
                route.handle(body, stated) { continuation.resume(returning: $0) }
            }
            return Response.json(try answer.get())
        }
    }
}
