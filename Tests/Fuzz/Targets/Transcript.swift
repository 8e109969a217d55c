import NIOCore
import NIOEmbedded
import WebSocketServer

/// What a connection did.
struct Transcript: Equatable {
    enum Message: Equatable {
        case text([UInt8])
        case binary([UInt8])

        var count: Int {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes.count
            }
        }
    }

    var isOpened = false
    var messages: [Message] = []
    /// How often the peer was heard.
    var heard = 0
    var sent: [UInt8] = []
    /// Whether it is over once all time limits have passed.
    var hasEnded = false
}

extension EmbeddedChannel {
    /// Lets the bytes arrive in pieces, then all time limits pass.
    func run(_ bytes: ArraySlice<UInt8>, inPiecesOf length: Int, peer: RecordingPeer) -> Transcript {
        var transcript = Transcript()
        must {
            try pipeline.syncOperations.addHandler(HalfClose(), position: .first)
            try connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            var rest = bytes
            while !rest.isEmpty, isActive {
                try writeInbound(ByteBuffer(bytes: rest.prefix(length)))
                embeddedEventLoop.run()
                rest = rest.dropFirst(length)
            }
            transcript = peer.transcript
            while let part = try readOutbound(as: ByteBuffer.self) { transcript.sent += part.readableBytesView }
        }
        embeddedEventLoop.advanceTime(by: .seconds(60))
        transcript.hasEnded = !isActive
        _ = try? finish()  // It may have ended already.
        return transcript
    }
}

/// Takes the place of the socket's half-close, for which an embedded channel would close altogether.
private final class HalfClose: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }
}

/// Unchecked, because everything runs on the one thread of the embedded event loop.
final class RecordingPeer: WebSocketPeer, @unchecked Sendable {
    private(set) var transcript = Transcript()

    func opened(_ socket: WebSocket) { transcript.isOpened = true }
    func received(text: ByteBuffer) { transcript.messages.append(.text(Array(text.readableBytesView))) }
    func received(binary: ByteBuffer) { transcript.messages.append(.binary(Array(binary.readableBytesView))) }
    func heard() { transcript.heard += 1 }
    func closed() {}
}
