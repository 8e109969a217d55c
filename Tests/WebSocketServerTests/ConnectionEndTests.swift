import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import WebSocketServer

@Suite("The end of a connection")
struct ConnectionEndTests {
    /// A server's connection after its upgrade, with the frame codec of the real one.
    private let channel = EmbeddedChannel()
    private let halfClose = HalfClose()

    init() throws {
        let operations = channel.pipeline.syncOperations
        try operations.addHandlers([
            halfClose, WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1000)),
        ])
        let socket = WebSocket(channel: channel, backlog: .init(), closeTimeout: .seconds(2))
        try operations.addHandler(WebSocketHandler(peer: Nobody(), socket: socket, messageBytesMax: 1000))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// A frame masked with zeroes; `length` is what it declares, if that is not the truth.
    private func receive(_ opcode: WebSocketOpcode, _ data: [UInt8], declaring length: Int? = nil) throws {
        let head =
            switch length ?? data.count {
            case let short where short <= 125: [0x80 | UInt8(short)]
            case let long: [0x80 | 127] + withUnsafeBytes(of: UInt64(long).bigEndian, Array.init)
            }
        let opcode = UInt8(webSocketOpcode: opcode)
        try channel.writeInbound(ByteBuffer(bytes: [0x80 | opcode] + head + [0, 0, 0, 0] + data))
    }

    /// The code of the close frame that was sent, and nothing else was.
    private func sentCode() throws -> UInt16? {
        var sent = ByteBuffer()
        while var part = try channel.readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&part) }
        guard let head = sent.readBytes(length: 2), head[0] == 0x88 else { return nil }
        #expect(sent.readableBytes == Int(head[1]))
        return sent.readInteger()
    }

    @Test(
        "comes at once after a close frame, also one that breaks the rules: the peer sends no other",
        arguments: [
            ([], nil), ([0x03, 0xE8], 1000), ([0x03], 1002), ([0x03, 0xE7], 1002), ([0x03, 0xE8, 0xFF], 1007),
        ] as [([UInt8], UInt16?)])
    func closeFrame(data: [UInt8], code: UInt16?) throws {
        try receive(.connectionClose, data)
        #expect(try sentCode() == code)
        #expect(halfClose.isDone)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
        #expect(!channel.isActive)
    }

    @Test(
        "waits for what is still on its way after a frame that cannot be read, so that no reset overtakes the close frame",
        arguments: [(.binary, 1 << 40, 1009), (.connectionClose, 126, 1002)] as [(WebSocketOpcode, Int, UInt16)])
    func unreadableFrame(opcode: WebSocketOpcode, length: Int, code: UInt16) throws {
        try receive(opcode, [1, 2, 3], declaring: length)
        #expect(try sentCode() == code)
        #expect(halfClose.isDone)
        try channel.writeInbound(ByteBuffer(repeating: 0, count: 1000))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test("waits for the answer after a message that breaks the rules")
    func violation() throws {
        try receive(.text, [0xFF])
        #expect(try sentCode() == 1007)
        #expect(channel.isActive && !halfClose.isDone)
        try receive(.connectionClose, [0x03, 0xEF])
        #expect(!channel.isActive)
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

private final class Nobody: WebSocketPeer {
    func opened(_ socket: WebSocket) {}
    func received(text: ByteBuffer) {}
    func received(binary: ByteBuffer) {}
    func heard() {}
    func closed() {}
}
