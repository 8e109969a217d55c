package import NIOCore
import NIOWebSocket

/// The server's end of one WebSocket. Confined to its event loop: every call must come from there.
package final class WebSocket {
    package let channel: any Channel
    private let closeTimeout: TimeAmount
    private var backlog: OutboundBacklog
    private var state = State.open

    private enum State { case open, closing, closed }

    /// Who began to end the connection.
    package enum Ending: Sendable, Equatable {
        /// This side, with this code.
        case closedHere(UInt16)
        case closedByPeer
        /// Nobody: it broke, or went away without a word.
        case lost
    }

    package private(set) var ending = Ending.lost

    init(channel: any Channel, backlog: OutboundBacklog.Limits, closeTimeout: TimeAmount) {
        self.channel = channel
        self.backlog = OutboundBacklog(backlog)
        self.closeTimeout = closeTimeout
    }

    package var isOpen: Bool { state == .open }

    /// Queues a text message; ``flush()`` sends it.
    /// - Returns: false where the peer reads too slowly and the message was not queued; the caller must close.
    package func write(text: ByteBuffer) -> Bool { write(.text, text) }

    /// As ``write(text:)``, for a binary message.
    package func write(binary: ByteBuffer) -> Bool { write(.binary, binary) }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> Bool {
        guard state == .open else { return true }
        if channel.isWritable {
            backlog.cleared()
        } else if !backlog.take(
            data.readableBytes, capacity: data.storageCapacity, buffered: bufferedBytes, now: .now())
        {
            return false
        }
        channel.write(WebSocketFrame(fin: true, opcode: opcode, data: data), promise: nil)
        return true
    }

    /// Whether the peer reads too slowly, also if nothing more is written to it.
    package func isTooSlow(now: NIODeadline) -> Bool {
        guard state == .open, !channel.isWritable else { return false }
        return backlog.isTooMuch(buffered: bufferedBytes, now: now)
    }

    /// What waits in the channel; none where it cannot tell.
    private var bufferedBytes: Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    package func flush() { channel.flush() }

    package func ping() {
        guard state == .open, channel.isWritable else { return }
        let frame = WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())
        channel.writeAndFlush(frame, promise: nil)
    }

    func pong(_ data: ByteBuffer) {
        guard state == .open, channel.isWritable else { return }
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .pong, data: data), promise: nil)
    }

    /// Starts the closing handshake. The connection ends when the peer answers, or after a time limit anyway.
    package func close(code: UInt16, reason: String = "") {
        guard state == .open else { return }
        ending = .closedHere(code)
        sendClose(code, reason)
        end(in: closeTimeout)
    }

    /// The peer has closed: answers, if that was not done yet, and ends the connection (section 7.1.1).
    func peerClosed(code: UInt16?) {
        if state == .open {
            ending = .closedByPeer
            sendClose(code)
        }
        channel.close(mode: .output, promise: nil)
        end(in: .milliseconds(200))
    }

    /// What the peer sends can be read no further, an answer neither: ends this side of the connection (section 7.1.7).
    /// The other stays open for what is still on its way, because a reset could overtake the close frame.
    func fail(code: UInt16, reason: String) {
        guard state == .open else { return }
        ending = .closedHere(code)
        sendClose(code, reason)
        channel.close(mode: .output, promise: nil)
        end(in: closeTimeout)
    }

    private func sendClose(_ code: UInt16?, _ reason: String = "") {
        state = .closing
        var data = ByteBuffer()
        if let code {
            data.writeInteger(code)
            data.writeString(reason)
        }
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data), promise: nil)
    }

    private func end(in time: TimeAmount) {
        let channel = channel
        channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    func markClosed() { state = .closed }
}

/// What is done with a WebSocket; called on its event loop only.
package protocol WebSocketPeer: AnyObject {
    func opened(_ socket: WebSocket)
    /// A whole text message, valid UTF-8.
    func received(text: ByteBuffer)
    func received(binary: ByteBuffer)
    /// Anything was heard, control frames included.
    func heard()
    func closed()
}
