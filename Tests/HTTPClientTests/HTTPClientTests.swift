import ClientThread
import HTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@Suite("The HTTP client")
struct HTTPClientTests {
    @Test("keeps a connection for the next call, but not for ever")
    func connectionLife() async throws {
        let server = try await CountingServer()
        let client = HTTPClient(connectionLife: .seconds(1), logger: Logger(label: "test"))
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(server.port)/")
        for _ in 0..<5 {
            #expect(try await client.send(request, deadline: .after(.seconds(5))).status == 200)
        }
        #expect(server.connections == 1)
        // curl counts whole seconds, and the life has to be past, not only reached.
        try await Task.sleep(for: .milliseconds(2100))
        #expect(try await client.send(request, deadline: .after(.seconds(5))).status == 200)
        #expect(server.connections == 2)
        client.close()
        try await server.close()
    }

    @Test("connects to the address it is given, keeps that connection, and asks nobody for the name")
    func givenAddress() async throws {
        let server = try await CountingServer()
        let client = HTTPClient(logger: Logger(label: "test"))
        let url = "http://nobody.invalid:\(server.port)/"
        for _ in 0..<5 {
            let request = HTTPClientRequest(url: url, at: "127.0.0.1")
            #expect(try await client.send(request, deadline: .after(.seconds(5))).status == 200)
        }
        #expect(server.connections == 1)
        await #expect(throws: HTTPClientError.self, "nobody listens there, and the kept connection is not to there") {
            try await client.send(HTTPClientRequest(url: url, at: "127.0.0.2"), deadline: .after(.seconds(5)))
        }
        await #expect(throws: HTTPClientError.self, "the handle does not remember the address of its last call") {
            try await client.send(HTTPClientRequest(url: url), deadline: .after(.seconds(5)))
        }
        #expect(server.connections == 1)
        client.close()
        try await server.close()
    }
}

/// Answers everything with 200 and counts the connections it has accepted.
private final class CountingServer: Sendable {
    private let accepted: Count
    private let channel: any Channel

    var port: Int { channel.localAddress?.port ?? 0 }
    var connections: Int { accepted.value.load(ordering: .relaxed) }

    init() async throws {
        let accepted = Count()
        self.accepted = accepted
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                accepted.value.add(1, ordering: .relaxed)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(AnswerOK())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func close() async throws { try await channel.close() }

    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }
}

private final class AnswerOK: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
