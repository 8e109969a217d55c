import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals
import WebSocketServer

#if canImport(Glibc)
    import Glibc
#endif

// A bare echo server on the gateway's own WebSocket code, for conformance tests:
// websocket-echo [port [message-bytes-max]]

/// Sends back every message as it came.
private final class Echo: WebSocketPeer {
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

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let port = arguments.first ?? 9001
let bytesMax = arguments.dropFirst().first ?? 32 << 20

let server = HTTPServerBuilder { responder in
    WebSocketChannel(
        responder: responder,
        configuration: WebSocketConfiguration(path: "/", messageBytesMax: bytesMax, outboundBytesMax: 128 << 20),
        admit: { _, _ in }, makePeer: { _, _ in Echo() })
}
let service = try server.buildServer(
    configuration: .init(address: .hostname("127.0.0.1", port: port)),
    eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "websocket-echo")
) { _, response, _ in
    // Every other path.
    try await response.writeResponse(.init(status: .notFound, headerFields: [.contentLength: "0"]))
}
let group = ServiceGroup(
    services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "websocket-echo"))
try await group.run()
