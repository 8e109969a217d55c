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

// An echo server on the gateway's own WebSocket code and nothing else of Parley, for conformance suites: see `usage`.

let usage = """
    usage: ws-echo [--host ADDRESS] [--port P] [--max-message-bytes N] [--max-queued-bytes N]

      Sends back every message of a WebSocket as it came, at ws://127.0.0.1:9001/, until SIGINT or SIGTERM.

      --host ADDRESS           where it listens (127.0.0.1)
      --port P                 0: a free one (9001)
      --max-message-bytes N    longer messages are closed with 1009 (33554432)
      --max-queued-bytes N     a client that leaves more of its echo unread is closed with 1008 (134217728)

      Once it listens it prints one line, with the address. ./parley conformance runs a fuzzing client against it.
    """

let options: EchoOptions
do throws(EchoOptions.Invalid) {
    options = try EchoOptions(CommandLine.arguments.dropFirst())
} catch {
    print("ws-echo: \(error.description)\n\n\(usage)")
    exit(2)
}
if options.wantsHelp {
    print(usage)
    exit(0)
}

var logger = Logger(label: "ws-echo")
logger.logLevel = .warning
let server = HTTPServerBuilder { responder in
    WebSocketChannel(
        responder: responder, configuration: options.webSocket, admit: { _, _ in }, makePeer: { _, _ in Echo() })
}
let service = try server.buildServer(
    configuration: .init(address: .hostname(options.host, port: options.port)),
    eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
    responder: { _, response, _ in
        // Every other path.
        try await response.writeResponse(.init(status: .notFound, headerFields: [.contentLength: "0"]))
    },
    onServerRunning: { channel in
        guard let address = channel.localAddress, let host = address.ipAddress, let port = address.port else { return }
        print("ws-echo listens on ws://\(host.contains(":") ? "[\(host)]" : host):\(port)/")
        fflush(nil)  // whoever waits for this line may read it from a pipe
    })
let group = ServiceGroup(services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
try await group.run()
