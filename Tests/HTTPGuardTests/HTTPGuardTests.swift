import HTTPGuard
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@Suite("The guard of a connection")
struct HTTPGuardTests {
    private let channel = EmbeddedChannel()
    private let halfClose = HalfClose()
    private let httpGuard: HTTPGuard

    init() throws { httpGuard = try Self.open(channel, halfClose, .unbounded) }

    private static func open(
        _ channel: EmbeddedChannel, _ halfClose: HalfClose, _ count: ConnectionCount
    ) throws -> HTTPGuard {
        let httpGuard = HTTPGuard(count: count, holder: "a")
        let operations = channel.pipeline.syncOperations
        try operations.addHandler(halfClose)
        try operations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: .bounded)
        try operations.addHandler(httpGuard)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return httpGuard
    }

    private func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    private func answer(_ status: HTTPResponseStatus) {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["content-length": "0"])
        channel.pipeline.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.pipeline.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }

    /// What was sent, as text.
    private func sent() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    private func passes(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    @Test("ends one whose first head does not come within 10 s, however it dribbles")
    func slowHead() throws {
        for byte in "GET / HT" {
            try receive(String(byte))
            passes(.seconds(1))
            #expect(channel.isActive)
        }
        passes(.seconds(2))
        #expect(!channel.isActive)
        #expect(try sent().isEmpty)
    }

    @Test("answers 408 to a body that does not come within 30 s, and throws the rest away")
    func slowBody() throws {
        try receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        for _ in 0..<30 {
            #expect(channel.isActive && !halfClose.isDone)
            try receive("x")
            passes(.seconds(1))
        }
        #expect(halfClose.isDone)
        #expect(try sent().hasPrefix("HTTP/1.1 408 "))
        answer(.ok)
        #expect(try sent().isEmpty)
        passes(HTTPGuard.lingerMax)
        #expect(!channel.isActive)
    }

    @Test("waits for the server as long as it takes, and 75 s for the next request")
    func slowServer() throws {
        try receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        passes(.hours(1))
        #expect(channel.isActive)
        answer(.ok)
        passes(.seconds(74))
        #expect(channel.isActive)
        passes(.seconds(2))
        #expect(!channel.isActive)
    }

    @Test(
        "answers what cannot be read, and waits until the client has gone before it closes",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))", "431"),
            ("GET /\(String(repeating: "x", count: 40_000))", "431"),
            ((0..<200).reduce("GET / HTTP/1.1\r\n") { $0 + "X-\($1): x\r\n" } + "\r\n", "431"),
            ("nonsense\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400"),
        ])
    func unreadable(request: String, status: String) throws {
        try? receive(request)  // The decoder's error comes out here as well.
        #expect(try sent().hasPrefix("HTTP/1.1 \(status) "))
        #expect(halfClose.isDone && channel.isActive)
        try? receive(String(repeating: "still writing ", count: 1000))
        #expect(channel.isActive)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!channel.isActive)
    }

    @Test("does not wait for ever for a refused client to go")
    func lingering() throws {
        httpGuard.refuse(HTTPRefusal(.forbidden, "no", headers: [("x-why", "because")]))
        let answer = try sent()
        #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.contains("x-why: because"))
        #expect(answer.contains(#"{"error":{"code":"bad_request","message":"no","retryable":false}}"#))
        httpGuard.refuse(HTTPRefusal(.forbidden, "again"))
        #expect(try sent().isEmpty)
        passes(HTTPGuard.lingerMax)
        #expect(!channel.isActive)
    }

    @Test("never writes into the answer to another request")
    func noRoom() throws {
        try receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "9"])
        channel.pipeline.writeAndFlush(HTTPServerResponsePart.head(head), promise: nil)
        _ = try sent()
        httpGuard.refuse(HTTPRefusal(.forbidden, "no"))
        #expect(try sent().isEmpty)
        #expect(!channel.isActive)
    }

    @Test("has a place only for so many, and gives it back")
    func places() throws {
        let count = ConnectionCount(totalMax: 1, perHolderMax: 1)
        let first = EmbeddedChannel()
        let second = EmbeddedChannel()
        _ = try Self.open(first, HalfClose(), count)
        _ = try? Self.open(second, HalfClose(), count)
        #expect(first.isActive && !second.isActive)
        _ = try first.finish(acceptAlreadyClosed: true)
        #expect(count.holderCount == 0)
    }

    @Test("lets everything pass once it has stepped aside")
    func aside() throws {
        httpGuard.stepAside()
        passes(.hours(1))
        #expect(channel.isActive)
        try receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) != nil)
    }

    @Test("closes at once when the process stops, unless a request is under way")
    func quiesce() throws {
        try receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(channel.isActive)
        let idle = EmbeddedChannel()
        _ = try Self.open(idle, HalfClose(), .unbounded)
        idle.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!idle.isActive)
    }
}

/// Takes the place of the socket's half-close, for which an embedded channel would close altogether.
private final class HalfClose: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var isDone = false

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        isDone = true
        promise?.succeed()
    }
}
