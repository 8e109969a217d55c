import WebSocketServer

/// The command line of the echo server.
struct EchoOptions {
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var wantsHelp = false
    private(set) var host = "127.0.0.1"
    private(set) var port = 9001
    /// Limits far above the gateway's own: a suite sends messages of 16 MiB.
    private(set) var webSocket = WebSocketConfiguration(
        path: "/", messageBytesMax: 32 << 20, backlog: Self.backlog(128 << 20))

    init(_ arguments: some Sequence<String>) throws(Invalid) {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--help", "-h": wantsHelp = true
            case "--host": host = try Self.value(rest.next(), of: argument)
            case "--port": port = try Self.number(rest.next(), of: argument, in: 0...65_535)
            case "--max-message-bytes":
                webSocket.messageBytesMax = try Self.number(rest.next(), of: argument, in: 1...1 << 30)
            case "--max-queued-bytes":
                webSocket.backlog = Self.backlog(try Self.number(rest.next(), of: argument, in: 1...1 << 30))
            default: throw Invalid(description: "there is no option '\(argument)'")
            }
        }
    }

    private static func backlog(_ bytes: Int) -> OutboundBacklog.Limits {
        var limits = OutboundBacklog.Limits()
        (limits.lasting, limits.burst) = (bytes, bytes)
        return limits
    }

    private static func value(_ text: String?, of option: String) throws(Invalid) -> String {
        guard let text else { throw Invalid(description: "\(option) needs a value") }
        return text
    }

    private static func number(
        _ text: String?, of option: String, in range: ClosedRange<Int>
    ) throws(Invalid) -> Int {
        guard let number = Int(try value(text, of: option)), range.contains(number) else {
            throw Invalid(description: "\(option) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
