package import ClientThread
package import Logging

/// One request over HTTP/1.1.
package struct HTTPClientRequest: Sendable {
    package var method: String
    package var url: String
    /// Connects to this address, and asks the name in `url` for it only in the headers and of the certificate; nil for
    /// whichever address the name has.
    package var address: String?
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        method: String = "GET", url: String, at address: String? = nil, headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.address = address
        self.headers = headers
        self.body = body
    }
}

package struct HTTPClientResponse: Sendable {
    package let status: Int
    package let body: [UInt8]
}

package enum HTTPClientError: Error, Sendable, CustomStringConvertible {
    /// It was not sent: no connection could be made, the queue was full, or its deadline passed before. It did not
    /// happen.
    case notSent(String)
    /// It may have been sent, and no whole answer came. *Outcome unknown.*
    case noAnswer(String)

    package var description: String {
        switch self {
        case .notSent(let why): "not sent: \(why)"
        case .noAnswer(let why): "no answer: \(why)"
        }
    }
}

/// An HTTP client over libcurl: one thread drives all transfers of one multi handle, whose connection cache keeps
/// connections alive. Every call has a deadline; answers over a size are refused.
package final class HTTPClient: Sendable {
    /// Bytes of one answer.
    package static let responseBytesMax = 8 << 20
    /// Requests that may wait for the thread.
    private static let waitingMax = 8192

    private let inbox: Inbox<HTTPTransfer>

    /// - Parameters:
    ///   - connectTimeout: within which a connection must stand; part of the deadline.
    ///   - connectionLife: whole seconds after which a connection is not used again. Where one address stands for many
    ///     instances (a Service of Kubernetes) a connection that lived for ever would keep all calls from those that
    ///     were started later.
    ///   - identity: makes all calls https, with this certificate shown; nil for http, and https without one.
    package init(
        connectTimeout: Duration = .milliseconds(500), connectionLife: Duration = .seconds(30),
        identity: TLSIdentity? = nil, logger: Logger
    ) {
        let inbox = Inbox<HTTPTransfer>(itemsMax: Self.waitingMax)
        self.inbox = inbox
        startThread {
            CurlLoop(
                inbox: inbox, connectTimeout: connectTimeout, connectionLife: connectionLife, identity: identity,
                logger: logger
            ).run()
        }
    }

    deinit { inbox.close() }

    /// Runs tasks on the client's thread, for those that do little but call.
    package var executor: any TaskExecutor { inbox }

    package func close() { inbox.close() }

    /// Sends a request and waits for the whole answer, whatever its status.
    package func send(
        _ request: HTTPClientRequest, deadline: Deadline
    ) async throws(HTTPClientError) -> HTTPClientResponse {
        let result: Result<HTTPClientResponse, HTTPClientError> = await withCheckedContinuation { continuation in
            let transfer = HTTPTransfer(request: request, deadline: deadline, continuation: continuation)
            do {
                try inbox.push(transfer)
            } catch {
                continuation.resume(returning: .failure(.notSent("\(error)")))
            }
        }
        return try result.get()
    }
}

struct HTTPTransfer: Sendable {
    let request: HTTPClientRequest
    let deadline: Deadline
    let continuation: CheckedContinuation<Result<HTTPClientResponse, HTTPClientError>, Never>

    func fail(_ error: HTTPClientError) { continuation.resume(returning: .failure(error)) }
}
