import ChatProtocol
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import StrictJSON
import Testing
import Tokens

@testable import ServiceKit

/// A direct route on an embedded channel: what it answers itself, and what it leaves to the router behind it.
@Suite("A direct route")
struct DirectRouteTests {
    private struct Number: JSONCodable {
        let value: Int64
        init(_ value: Int64) { self.value = value }
        init(json: JSONValue, field: String) throws(JSONError) { value = try json.value("n") }
        func encode(to json: inout JSONWriter) { json.object { $0.field("n", value) } }
    }

    /// The answers that a route owes, to be given when the test says so.
    private final class Owed: @unchecked Sendable {
        var answers: [(asked: Int64, answer: @Sendable (Number) -> Void)] = []
    }

    private let owed = Owed()
    private let token: String
    private let channel: EmbeddedChannel

    init() async throws {
        let secret = try #require(DeploymentSecret(Array("a secret of the tests, long enough".utf8)))
        let verifier = await ServiceTokenVerifier(callee: "b", callers: ["a", "c"], secret: secret)
        token = try await ServiceTokenIssuer(caller: "a", secret: secret).token(for: "b")
        _ = try await verifier.verify(token)
        let route = DirectRoute("/internal/n", from: ["a"], bytesMax: 100, patience: .seconds(1)) {
            [owed] (asked: Number, _, answer: @escaping @Sendable (Number) -> Void) in
            owed.answers.append((asked.value, answer))
        }
        let requests = RequestLog(listener: "internal", logger: Logger(label: "test"))
        channel = EmbeddedChannel(
            handler: DirectRouteHandler(DirectRoutes([route], verifier: verifier, requests: requests)))
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
    }

    private func send(
        _ body: String, path: String = "/internal/n", method: HTTPMethod = .POST, _ more: [(String, String)] = []
    ) throws {
        var headers: HTTPHeaders = [
            "Host": "b", "Authorization": "Bearer \(token)", "Content-Type": "application/json",
            "Content-Length": String(body.utf8.count),
        ]
        for (name, value) in more { headers.replaceOrAdd(name: name, value: value) }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: body)))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    private func responses() throws -> [(status: UInt, body: String)] {
        var found: [(UInt, String)] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            switch part {
            case .head(let head): found.append((head.status.code, ""))
            case .body(.byteBuffer(let bytes)): found[found.count - 1].1 += String(buffer: bytes)
            case .body, .end: continue
            }
        }
        return found
    }

    /// How many requests have reached the router.
    private func passedOn() throws -> Int {
        var count = 0
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .end = part { count += 1 }
        }
        return count
    }

    private func answerOldest() { owed.answers.removeFirst().answer(Number(7)) }

    @Test("answers, and nothing of the request reaches the router")
    func answers() throws {
        try send(#"{"n":1}"#)
        #expect(owed.answers.map(\.asked) == [1])
        answerOldest()
        let response = try #require(try responses().first)
        #expect(response.status == 200 && response.body == #"{"n":7}"#)
        #expect(try passedOn() == 0)
    }

    @Test("refuses a body that is not what it wants, in the one form of errors")
    func badBody() throws {
        try send(#"{"n":"x"}"#)
        let response = try #require(try responses().first)
        #expect(response.status == 400 && response.body.contains(#""code":"bad_request""#))
    }

    @Test(
        "leaves what is out of the ordinary to the router",
        arguments: [
            ("Authorization", "Bearer made.up.token"), ("Authorization", "Basic x"), ("Content-Length", "101"),
            ("Content-Type", "text/plain"), ("Connection", "close"),
        ])
    func passes(field: (String, String)) throws {
        try send(#"{"n":1}"#, [field])
        #expect(try passedOn() == 1)
        #expect(owed.answers.isEmpty)
    }

    @Test("is one path and one method")
    func otherRequests() throws {
        try send("{}", path: "/internal/n?x=1")
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        try send("{}", path: "/healthz", method: .GET)
        #expect(try passedOn() == 2)
    }

    @Test("is not open to a service that is not named")
    func otherCaller() async throws {
        let secret = try #require(DeploymentSecret(Array("a secret of the tests, long enough".utf8)))
        let other = try await ServiceTokenIssuer(caller: "c", secret: secret).token(for: "b")
        try send(#"{"n":1}"#, [("Authorization", "Bearer \(other)")])
        #expect(try passedOn() == 1)
    }

    @Test("answers one request after another, in their order, also between those of the router")
    func order() throws {
        try send(#"{"n":1}"#)
        try send(#"{"n":2}"#)
        try send("{}", path: "/readyz")
        try send(#"{"n":3}"#)
        #expect(owed.answers.map(\.asked) == [1])
        answerOldest()
        #expect(owed.answers.map(\.asked) == [2])
        #expect(try passedOn() == 0)
        answerOldest()
        #expect(try passedOn() == 1)
        #expect(owed.answers.isEmpty)
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        #expect(owed.answers.map(\.asked) == [3])
        answerOldest()
        #expect(try responses().count == 3)
    }

    @Test("closes a connection that sends on and on without reading")
    func bounded() throws {
        for number in 0..<200 where channel.isActive { try send(#"{"n":\#(number)}"#) }
        #expect(!channel.isActive)
        #expect(owed.answers.count == 1)
    }

    @Test("owes its answer when the process stops, and closes after it")
    func quiesce() throws {
        try send(#"{"n":1}"#)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(channel.isActive)
        answerOldest()
        #expect(!channel.isActive)
        #expect(try responses().count == 1)
    }

    @Test("that is answered after its connection has gone writes nothing")
    func late() throws {
        try send(#"{"n":1}"#)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        answerOldest()
        #expect(try responses().isEmpty)
    }
}
