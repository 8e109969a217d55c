import ChatProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import StrictJSON

/// One client WebSocket, confined to its event loop.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    enum Event {
        case ack(ChatHash, seq: Int64)
        case message(ChatHash, sentNanoseconds: UInt64, seq: Int64)
        case failed(String)
    }

    private let token: String
    private let welcomed: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?
    /// Called for everything that matters to a run.
    var onEvent: ((Event) -> Void)?

    var isOpen: Bool { context != nil }

    init(token: String, welcomed: EventLoopPromise<Void>) {
        self.token = token
        self.welcomed = welcomed
    }

    /// Opens a connection and waits for its welcome.
    static func open(
        _ gateway: (host: String, port: Int), account: Account, on loop: any EventLoop,
        _ use: @escaping @Sendable (LoadConnection) -> Void = { _ in }
    ) async throws -> any Channel {
        let welcomed = loop.makePromise(of: Void.self)
        let token = account.token
        do {
            let channel = try await connect(gateway, token: token, welcomed: welcomed, on: loop, use)
            try await loop.submit {
                try channel.pipeline.syncOperations.handler(type: LoadConnection.self).hello()
            }.get()
            try await welcomed.futureResult.get()
            return channel
        } catch {
            welcomed.fail(error)  // nobody else does where the socket never opened
            throw error
        }
    }

    private static func connect(
        _ gateway: (host: String, port: Int), token: String, welcomed: EventLoopPromise<Void>, on loop: any EventLoop,
        _ use: @escaping @Sendable (LoadConnection) -> Void
    ) async throws -> any Channel {
        let upgrade = try await ClientBootstrap(group: loop)
            .connectTimeout(.seconds(30))
            .connect(host: gateway.host, port: gateway.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
                        upgradePipelineHandler: { channel, _ in
                            channel.eventLoop.makeCompletedFuture {
                                let connection = LoadConnection(token: token, welcomed: welcomed)
                                use(connection)
                                try channel.pipeline.syncOperations.addHandler(connection)
                                return channel
                            }
                        })
                    var headers = HTTPHeaders()
                    headers.add(name: "Host", value: "\(gateway.host):\(gateway.port)")
                    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/ws", headers: headers)
                    let configuration = NIOTypedHTTPClientUpgradeConfiguration(
                        upgradeRequestHead: head, upgraders: [upgrader],
                        notUpgradingCompletionHandler: { channel in
                            channel.eventLoop.makeFailedFuture(LoadError("the gateway refused the WebSocket"))
                        })
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: .init(upgradeConfiguration: configuration))
                }
            }
        return try await upgrade.get()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    /// Says hello; called once the upgrade is over, because during it the HTTP encoder would take the frame.
    private func hello() {
        write { json in
            json.field("type", "hello")
            json.field("protocol", 1)
            json.field("token", token)
            json.field("device", "load")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a message whose body says when it was (meant to be) sent.
    func send(chat: ChatHash, at nanoseconds: UInt64) {
        write { json in
            json.field("type", "send")
            json.field("id", MessageID.make())
            json.field("chat", chat)
            json.field("body", "\(nanoseconds) a message of about the length that people write to one another")
        }
    }

    func typing(chat: ChatHash) {
        write { json in
            json.field("type", "typing")
            json.field("chat", chat)
            json.field("active", true)
        }
    }

    /// Says that everything up to `seq` was seen.
    func read(chat: ChatHash, upTo seq: Int64) {
        write { json in
            json.field("type", "cursor")
            json.field("chat", chat)
            json.field("delivered", seq)
            json.field("read", seq)
        }
    }

    /// Asks for the presence of users from now on.
    func watch(_ users: [UserID]) {
        write { json in
            json.field("type", "watch")
            json.field("users", users)
        }
    }

    func ping() { write { $0.field("type", "ping") } }

    private func write(_ fields: (inout JSONWriter) -> Void) {
        guard let context else { return }
        var json = JSONWriter()
        json.object(fields)
        let frame = WebSocketFrame(
            fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(bytes: json.bytes))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text: read(Array(frame.unmaskedData.readableBytesView))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: fail("closed by the gateway")
        default: break
        }
    }

    private func read(_ bytes: [UInt8]) {
        guard let json = try? JSONDocument(parsing: bytes).root, let type = json["type"]?.stringBytes else {
            return fail("unreadable frame")
        }
        let seq = json["seq"]?.integer ?? 0
        let chat = json["chat"]?.stringBytes.flatMap { ChatHash($0) }
        if type.elementsEqual("message".utf8), let chat {
            let digits = json["body"]?.stringBytes?.prefix { $0 != UInt8(ascii: " ") } ?? []
            let sent = UInt64(String(decoding: digits, as: UTF8.self)) ?? 0
            onEvent?(.message(chat, sentNanoseconds: sent, seq: seq))
        } else if type.elementsEqual("ack".utf8), let chat {
            onEvent?(.ack(chat, seq: seq))
        } else if type.elementsEqual("welcome".utf8) {
            welcomed.succeed()
        } else if type.elementsEqual("error".utf8) {
            fail("error: \(json["code"]?.string ?? "")")
        }
    }

    func channelInactive(context: ChannelHandlerContext) { fail("connection lost") }

    private func fail(_ why: String) {
        welcomed.fail(LoadError(why))
        onEvent?(.failed(why))
    }
}
