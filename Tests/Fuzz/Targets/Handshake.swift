import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import WebSocketServer

/// The bytes of one connection from its first one. The first byte of the input says into pieces of which length the rest
/// is cut; the connection must do the same as when all comes at once.
func handshake(_ input: [UInt8]) {
    guard let length = input.first else { return }
    let whole = connection(receiving: input.dropFirst(), inPiecesOf: .max)
    let pieces = connection(receiving: input.dropFirst(), inPiecesOf: Int(length) + 1)
    require(whole == pieces, "any split of the bytes gives the same result")
    let isUpgraded = whole.sent.starts(with: Array("HTTP/1.1 101 ".utf8))
    require(whole.isOpened == isUpgraded, "a WebSocket is open where 101 is answered, and nowhere else")
    require(isUpgraded || whole.messages.isEmpty, "nothing is received before the upgrade")
    require(isUpgraded || whole.hasEnded, "a connection without a WebSocket ends")
}

/// One connection as the server sets it up.
private func connection(receiving bytes: ArraySlice<UInt8>, inPiecesOf length: Int) -> Transcript {
    let channel = EmbeddedChannel()
    let peer = RecordingPeer()
    let server = WebSocketChannel(
        responder: { _, _, _ in }, configuration: WebSocketConfiguration(messageBytesMax: 300),
        admit: { _, _ in }, makePeer: { _, _ in peer })
    must {
        _ = try server.setup(channel: channel, logger: Logger(label: "fuzz")).wait()
        let operations = channel.pipeline.syncOperations
        let guardHandler = try operations.handler(type: UpgradeGuard.self)
        try operations.addHandler(WebSocketPathOnly(), position: .before(guardHandler))
    }
    return channel.run(bytes, inPiecesOf: length, peer: peer)
}

/// Ends connections that ask for another path: they are none of the WebSocket's business.
private final class WebSocketPathOnly: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    private var isFirst = true
    private var isEnded = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnded else { return }
        // Whatever comes after the first head is refused or is frames.
        if isFirst, case .head(let head) = unwrapInboundIn(data), OpeningHandshake.path(of: head) != "/ws" {
            isEnded = true
            return context.close(promise: nil)
        }
        isFirst = false
        context.fireChannelRead(data)
    }

    /// Bytes behind that other request may be no HTTP.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isEnded { context.fireErrorCaught(error) }
    }
}
