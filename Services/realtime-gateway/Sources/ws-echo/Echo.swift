import NIOCore
import WebSocketServer

/// Sends back every message as it came.
final class Echo: WebSocketPeer {
    private var socket: WebSocket?

    func opened(_ socket: WebSocket) { self.socket = socket }
    func received(text: ByteBuffer) { echo { $0.write(text: text) } }
    func received(binary: ByteBuffer) { echo { $0.write(binary: binary) } }
    func heard() {}
    func closed() { socket = nil }

    private func echo(_ write: (WebSocket) -> Bool) {
        guard let socket else { return }
        if write(socket) { socket.flush() } else { socket.close(code: 1008, reason: "slow") }
    }
}
