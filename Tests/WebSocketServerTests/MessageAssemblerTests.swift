import NIOCore
import NIOWebSocket
import Testing
import WebSocketServer

@Suite("Frames of a WebSocket")
struct MessageAssemblerTests {
    private var assembler = MessageAssembler(messageBytesMax: 100)

    private mutating func take(
        _ opcode: WebSocketOpcode, _ text: String, final: Bool = true, reserved: Bool = false, masked: Bool = true
    ) -> MessageAssembler.Outcome {
        assembler.take(
            opcode: opcode, isFinal: final, hasReservedBits: reserved, isMasked: masked, data: ByteBuffer(string: text))
    }

    @Test("become messages, whole or in fragments with pings between")
    mutating func messages() {
        #expect(take(.text, "hi") == .text(ByteBuffer(string: "hi")))
        #expect(take(.text, "fr", final: false) == .incomplete)
        #expect(take(.ping, "p") == .ping(ByteBuffer(string: "p")))
        #expect(take(.continuation, "ag", final: false) == .incomplete)
        #expect(take(.continuation, "s") == .text(ByteBuffer(string: "frags")))
        #expect(take(.binary, "b") == .binary(ByteBuffer(string: "b")))
    }

    @Test("that break RFC 6455 are violations with the right code")
    mutating func violations() {
        #expect(take(.text, "x", masked: false) == .violation(1002))
        #expect(take(.text, "x", reserved: true) == .violation(1002))
        #expect(take(.continuation, "x") == .violation(1002))
        #expect(take(.ping, "x", final: false) == .violation(1002))
        #expect(take(.ping, String(repeating: "x", count: 126)) == .violation(1002))
        #expect(take(.text, String(repeating: "x", count: 101)) == .violation(1009))
        #expect(take(.text, String(repeating: "x", count: 60), final: false) == .incomplete)
        #expect(take(.text, "new") == .violation(1002))
        #expect(take(.continuation, String(repeating: "x", count: 41)) == .violation(1009))
    }

    @Test("of text must be UTF-8 as a whole, not each fragment by itself")
    mutating func utf8() {
        let euro = Array("€".utf8)
        func part(_ bytes: [UInt8], _ opcode: WebSocketOpcode, _ final: Bool) -> MessageAssembler.Outcome {
            assembler.take(
                opcode: opcode, isFinal: final, hasReservedBits: false, isMasked: true, data: ByteBuffer(bytes: bytes))
        }
        #expect(part([euro[0]], .text, false) == .incomplete)
        #expect(part([euro[1], euro[2]], .continuation, true) == .text(ByteBuffer(string: "€")))
        #expect(part([0xFF], .text, true) == .violation(1007))
    }

    @Test("of the closing handshake carry a legal code or none")
    mutating func close() {
        func close(_ bytes: [UInt8]) -> MessageAssembler.Outcome {
            assembler.take(
                opcode: .connectionClose, isFinal: true, hasReservedBits: false, isMasked: true,
                data: ByteBuffer(bytes: bytes))
        }
        #expect(close([]) == .close(nil))
        #expect(close([0x03, 0xE8]) == .close(1000))
        #expect(close([0x03]) == .violation(1002))
        for code in [UInt16(0), 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            #expect(close([UInt8(code >> 8), UInt8(code & 0xFF)]) == .violation(1002))
        }
        #expect(close([0x03, 0xE8, 0xFF]) == .violation(1007))
    }
}
