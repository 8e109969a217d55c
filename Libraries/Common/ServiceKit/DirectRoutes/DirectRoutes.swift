import ChatProtocol
import NIOHTTP1
import Observability
import StrictJSON
import Tokens

/// The direct routes of a listener: which requests they take, and the form of their answers.
struct DirectRoutes: Sendable {
    private let routes: [String: DirectRoute]
    private let verifier: ServiceTokenVerifier
    let requests: RequestLog

    init(_ routes: [DirectRoute], verifier: ServiceTokenVerifier, requests: RequestLog) {
        self.requests = requests
        self.routes = Dictionary(routes.map { ($0.path, $0) }) { first, _ in first }
        self.verifier = verifier
    }

    /// What the head of a request says besides its route.
    struct Fields {
        var patience: Duration?
        var trace: TraceContext?
    }

    /// The route of a request, if there is nothing about it that the router has to decide.
    func match(_ head: HTTPRequestHead) -> (DirectRoute, Fields)? {
        guard head.method == .POST, let route = routes[head.uri] else { return nil }
        var fields = Fields()
        var caller: String?
        var length: Int?
        var isJSON = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 10 where name.isField("connection"): return nil
            case 12 where name.isField("content-type"): isJSON = value == "application/json"
            case 11 where name.isField("traceparent"): fields.trace = TraceContext(traceparent: value)
            case 13 where name.isField("authorization"):
                guard caller == nil, value.utf8.starts(with: "Bearer ".utf8) else { return nil }
                caller = verifier.remembered(String(value.utf8.dropFirst(7)) ?? "")
            case 14 where name.isField("content-length"):
                guard length == nil else { return nil }
                length = Int(value)
            case 18 where name.isField("parley-deadline-ms"):
                fields.patience = Int64(value).map { .milliseconds(max(0, $0)) }
            default: continue
            }
        }
        guard let caller, route.callers.contains(caller), let length, (0...route.bytesMax).contains(length), isJSON
        else { return nil }
        return (route, fields)
    }

    static func response(to result: Result<[UInt8], ParleyError>) -> (head: HTTPResponseHead, body: [UInt8]) {
        let status: HTTPResponseStatus
        let body: [UInt8]
        switch result {
        case .success(let bytes): (status, body) = (.ok, bytes)
        case .failure(let error):
            (status, body) = (HTTPResponseStatus(statusCode: error.code.status), JSONWriter.encode(error))
        }
        let headers: HTTPHeaders = ["content-type": "application/json", "content-length": String(body.count)]
        return (HTTPResponseHead(version: .http1_1, status: status, headers: headers), body)
    }
}

extension String {
    /// Whether this is the name of the field, which is given in lower case and has as many characters.
    fileprivate func isField(_ lowercase: StaticString) -> Bool {
        utf8.elementsEqual(UnsafeBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)) {
            $0 | 0x20 == $1
        }
    }
}
