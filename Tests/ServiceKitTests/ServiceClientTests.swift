import ChatProtocol
import ClientThread
import HTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON
import Synchronization
import Testing
import Tokens

@testable import ServiceKit

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Calls to a service that is known by a name")
struct ServiceClientTests {
    /// What a server answers: the address it was met at, and the name it was asked for.
    private struct Met: JSONDecodable {
        let address: String
        let host: String

        init(json: JSONValue, field: String) throws(JSONError) {
            address = try json.value("address")
            host = try json.value("host")
        }
    }

    private let servers: [Echo]
    private let port: Int
    private let names = Names()
    private let client: ServiceClient
    private let http = HTTPClient(logger: Logger(label: "test"))

    /// Three machines of loopback, all with one port.
    init() async throws {
        let first = try await Echo("127.0.0.1", 0)
        port = first.port
        servers = [first, try await Echo("127.0.0.2", port), try await Echo("127.0.0.3", port)]
        let secret = try #require(DeploymentSecret(Array("a secret of the tests, long enough".utf8)))
        client = ServiceClient(
            service: "b", targets: ["http://b.test:\(port)"], http: http,
            tokens: ServiceTokenIssuer(caller: "a", secret: secret), logger: Logger(label: "test"),
            lookUp: { [names] name in name == "b.test" ? names.lookUp() : nil })
    }

    private func meet() async throws -> Met { try await client.call("/internal/x", deadline: .after(.seconds(5))) }

    /// Whether the next calls meet exactly these machines, soon.
    private func soonMeets(_ addresses: Set<String>) async throws -> Bool {
        for _ in 0..<50 {
            var met: Set<String> = []
            for _ in 0..<40 { met.insert(try await meet().address) }
            if met == addresses { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
        return false
    }

    private func whileItRuns(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            try await body()
            group.cancelAll()
        }
        http.close()
        for server in servers { try await server.close() }
    }

    @Test("go to all its addresses and to no other, as they come and go, and to the last ones when it is not known")
    func addresses() async throws {
        try await whileItRuns {
            names.addresses = ["127.0.0.1", "127.0.0.2"]
            #expect(try await soonMeets(["127.0.0.1", "127.0.0.2"]))
            #expect(try await meet().host == "b.test:\(port)", "a certificate would be asked for the name")
            names.addresses = ["127.0.0.2", "127.0.0.3"]
            #expect(try await soonMeets(["127.0.0.2", "127.0.0.3"]))
            names.addresses = nil
            let asked = names.asked
            while names.asked < asked + 2 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await soonMeets(["127.0.0.2", "127.0.0.3"]))
        }
    }

    @Test("miss an instance that is away, and meet it again when it is back")
    func away() async throws {
        try await whileItRuns {
            names.addresses = ["127.0.0.1", "127.0.0.9"]
            #expect(try await soonMeets(["127.0.0.1"]))
            let late = try await Echo("127.0.0.9", port)
            #expect(try await soonMeets(["127.0.0.1", "127.0.0.9"]))
            try await late.close()
        }
    }

    @Test("do not wait for a look-up that hangs, nor do the look-ups after it")
    func hanging() async throws {
        try await whileItRuns {
            names.addresses = ["127.0.0.1"]
            #expect(try await soonMeets(["127.0.0.1"]))
            names.hangs = true
            let asked = names.asked
            while names.asked == asked { try await Task.sleep(for: .milliseconds(50)) }
            let begin = ContinuousClock.now
            for _ in 0..<20 { #expect(try await meet().address == "127.0.0.1") }
            #expect(begin.duration(to: .now) < .seconds(1))
            names.hangs = false
            names.addresses = ["127.0.0.2"]
            #expect(try await soonMeets(["127.0.0.2"]))
            names.release()
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await soonMeets(["127.0.0.2"]), "what was asked before is not believed after")
        }
    }
}

/// What the name stands for at the moment.
private final class Names: Sendable {
    private let state = Mutex<(addresses: [String]?, asked: Int)>((nil, 0))
    private let isHanging = Atomic(false)
    private let isReleased = Atomic(false)

    var asked: Int { state.withLock { $0.asked } }

    var addresses: [String]? {
        get { state.withLock { $0.addresses } }
        set { state.withLock { $0.addresses = newValue } }
    }

    /// One that hangs answers what was so when it was asked.
    func lookUp() -> [String]? {
        let now = state.withLock { state in
            state.asked += 1
            return state.addresses
        }
        if hangs {
            while !isReleased.load(ordering: .relaxed) { usleep(10_000) }
        }
        return now
    }

    func release() { isReleased.store(true, ordering: .relaxed) }

    var hangs: Bool {
        get { isHanging.load(ordering: .relaxed) }
        set { isHanging.store(newValue, ordering: .relaxed) }
    }
}

/// Answers every request with where it is and what it was asked for.
private final class Echo: Sendable {
    private let channel: any Channel

    var port: Int { channel.localAddress?.port ?? 0 }

    init(_ address: String, _ port: Int) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answer(address))
                }
            }
            .bind(host: address, port: port).get()
    }

    func close() async throws { try await channel.close() }

    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let address: String
        private var host = ""

        init(_ address: String) { self.address = address }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): host = head.headers.first(name: "host") ?? ""
            case .body: break
            case .end:
                let body = ByteBuffer(string: #"{"address":"\#(address)","host":"\#(host)"}"#)
                let head = HTTPResponseHead(
                    version: .http1_1, status: .ok, headers: ["content-length": String(body.readableBytes)])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
