import NIOCore
import NIOEmbedded
import NIOWebSocket
import StrictJSON

@testable import WebSocketServer

private let messageBytesMax = 300

/// The bytes of one connection after its upgrade. The first byte of the input says into pieces of which length the rest
/// is cut; the connection must do the same as when all comes at once.
func frames(_ input: [UInt8]) {
    guard let length = input.first else { return }
    let (whole, frames) = connection(receiving: input.dropFirst(), inPiecesOf: .max)
    let (pieces, _) = connection(receiving: input.dropFirst(), inPiecesOf: Int(length) + 1)
    require(whole == pieces, "any split of the bytes gives the same result")
    checkAssembly(of: frames, gives: whole.messages)
    require(sendsClose(whole.sent) == whole.hasEnded, "a connection ends if a close frame was sent, and only then")
}

/// One connection with the frame codec and the handler of the real one.
private func connection(
    receiving bytes: ArraySlice<UInt8>, inPiecesOf length: Int
) -> (transcript: Transcript, frames: [WebSocketFrame]) {
    let channel = EmbeddedChannel()
    let tap = FrameTap()
    let peer = RecordingPeer()
    must {
        let operations = channel.pipeline.syncOperations
        let decoder = WebSocketFrameDecoder(maxFrameSize: messageBytesMax)
        try operations.addHandlers([WebSocketFrameEncoder(), ByteToMessageHandler(decoder), tap])
        let socket = WebSocket(channel: channel, backlog: .init(), closeTimeout: .seconds(2))
        try operations.addHandler(WebSocketHandler(peer: peer, socket: socket, messageBytesMax: messageBytesMax))
    }
    let transcript = channel.run(bytes, inPiecesOf: length, peer: peer)
    return (transcript, tap.frames)
}

/// Puts the frames together a second time, by hand, and compares.
private func checkAssembly(of frames: [WebSocketFrame], gives messages: [Transcript.Message]) {
    var assembler = MessageAssembler(messageBytesMax: messageBytesMax)
    var held: [UInt8] = []
    var assembled: [Transcript.Message] = []
    loop: for frame in frames {
        let data = Array(frame.unmaskedData.readableBytesView)
        switch assembler.take(frame) {
        case .incomplete: held += data
        case .text(let text):
            held += data
            require(Array(text.readableBytesView) == held, "a text is its fragments")
            require(JSONText.isValidUTF8(held), "a text is UTF-8")
            assembled.append(.text(held))
            held = []
        case .binary(let bytes):
            held += data
            require(Array(bytes.readableBytesView) == held, "a binary message is its fragments")
            assembled.append(.binary(held))
            held = []
        case .ping, .pong: require(data.count <= 125, "control frames are short")
        case .close, .violation: break loop
        }
        require(held.count <= messageBytesMax, "no more is held than a message may have")
        require(assembled.last.map { $0.count <= messageBytesMax } ?? true, "no message is longer than it may be")
    }
    require(assembled == messages, "the peer receives what was assembled")
}

/// Checks what was sent: only unmasked pongs, and at most one close frame after them.
/// - Returns: whether there was one.
private func sendsClose(_ sent: [UInt8]) -> Bool {
    var rest = sent[...]
    while let first = rest.popFirst(), let length = rest.popFirst() {
        require(first == 0x8A || first == 0x88, "only pongs and close frames are sent")
        require(length <= 125 && rest.count >= Int(length), "what is sent are whole frames")
        rest = rest.dropFirst(Int(length))
        require(first == 0x8A || rest.isEmpty, "nothing follows a close frame")
        if first == 0x88 { return true }
    }
    require(rest.isEmpty, "what is sent are whole frames")
    return false
}

/// Remembers the frames on their way.
private final class FrameTap: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame
    private(set) var frames: [WebSocketFrame] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
