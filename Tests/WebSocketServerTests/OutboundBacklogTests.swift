import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import WebSocketServer

@Suite("What waits for a peer that does not read")
struct OutboundBacklogTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("may be a whole batch of long messages for a moment, beyond what the channel takes anyway")
    func burst() {
        var backlog = OutboundBacklog(.init())
        for frame in 0..<8 {
            let isTaken = backlog.take(8200, capacity: 16_384, buffered: (64 << 10) + frame * 8200, now: start)
            #expect(isTaken)
        }
        #expect(!backlog.isTooMuch(buffered: (64 << 10) + 8 * 8200, now: start + .milliseconds(999)))
    }

    @Test("is too much when it lasts, also if nothing is added")
    func lasting() {
        var backlog = OutboundBacklog(.init())
        for frame in 0..<30 { _ = backlog.take(8200, capacity: 8200, buffered: frame * 8200, now: start) }
        #expect(backlog.isTooMuch(buffered: 30 * 8200, now: start + .seconds(1)))
        #expect(!backlog.isTooMuch(buffered: 18 * 8200, now: start + .seconds(1)))
    }

    @Test("is too much at once beyond a burst")
    func tooBig() {
        var backlog = OutboundBacklog(.init())
        let isTaken = backlog.take(8200, capacity: 8200, buffered: 288 << 10, now: start)
        #expect(!isTaken)
    }

    @Test("counts what its frames cost besides their bytes")
    func smallFrames() {
        var backlog = OutboundBacklog(.init())
        var buffered = 0
        var frames = 0
        while backlog.take(100, capacity: 100, buffered: buffered, now: start) {
            buffered += 100
            frames += 1
        }
        #expect((288 << 10) / 360...(288 << 10) / 350 ~= frames)
    }

    @Test("counts the buffers of its frames, which may be nearly twice as large as what is in them")
    func largeBuffers() {
        var backlog = OutboundBacklog(.init())
        var buffered = 0
        while backlog.take(8200, capacity: 16_384, buffered: buffered, now: start) { buffered += 8200 }
        #expect((132 << 10)...(144 << 10) ~= buffered)
    }

    @Test("is what waits now, not what was ever written to a peer that reads slowly but reads")
    func hovering() {
        var backlog = OutboundBacklog(.init())
        for second in 0..<100 {
            let isTaken = backlog.take(8200, capacity: 8200, buffered: 100 << 10, now: start + .seconds(Int64(second)))
            #expect(isTaken)
        }
    }

    @Test("is forgotten when the peer has caught up")
    func cleared() {
        var backlog = OutboundBacklog(.init())
        _ = backlog.take(8200, capacity: 8200, buffered: 200 << 10, now: start)
        backlog.cleared()
        let isTaken = backlog.take(8200, capacity: 8200, buffered: 200 << 10, now: start + .seconds(5))
        #expect(isTaken)
    }

    @Test("is measured on the channel itself")
    func onAChannel() throws {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(WebSocketFrameEncoder())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let socket = WebSocket(channel: channel, backlog: .init(), closeTimeout: .seconds(2))
        // Of 16 KiB, as every buffer is a power of two.
        let frame = ByteBuffer(repeating: 0x20, count: 8200)
        channel.isWritable = false
        var written = 0
        while written < 1000, socket.write(text: frame) { written += 1 }
        #expect(14...18 ~= written)
        channel.isWritable = true
        #expect(socket.write(text: frame))
    }
}
