package import NIOCore
package import NIOWebSocket

/// Puts the frames of one connection together to messages and holds them to RFC 6455: a value without I/O.
package struct MessageAssembler {
    package enum Outcome: Equatable {
        /// A fragment was taken; the message is not whole yet.
        case incomplete
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong
        /// The peer closes; answer with this code (nil: without one).
        case close(UInt16?)
        /// The peer broke the protocol; close with this code.
        case violation(UInt16)
    }

    private let messageBytesMax: Int
    private var fragments: ByteBuffer?
    private var fragmentsAreText = false

    package init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

    /// Takes one frame, unmasked already.
    /// - Parameter isMasked: whether it came masked, as every frame of a client must (section 5.1).
    package mutating func take(
        opcode: WebSocketOpcode, isFinal: Bool, hasReservedBits: Bool, isMasked: Bool, data: ByteBuffer
    ) -> Outcome {
        guard isMasked, !hasReservedBits else { return .violation(1002) }
        switch opcode {
        case .ping, .pong, .connectionClose:
            // Section 5.5: never fragmented, at most 125 bytes.
            guard isFinal, data.readableBytes <= 125 else { return .violation(1002) }
            return control(opcode, data)
        case .text, .binary:
            guard fragments == nil else { return .violation(1002) }
            guard data.readableBytes <= messageBytesMax else { return .violation(1009) }
            if isFinal { return message(data, isText: opcode == .text) }
            fragments = data
            fragmentsAreText = opcode == .text
            return .incomplete
        case .continuation:
            guard var whole = fragments else { return .violation(1002) }
            guard whole.readableBytes + data.readableBytes <= messageBytesMax else { return .violation(1009) }
            fragments = nil
            whole.writeImmutableBuffer(data)
            if isFinal { return message(whole, isText: fragmentsAreText) }
            fragments = whole
            return .incomplete
        default:
            return .violation(1002)
        }
    }

    private func message(_ data: ByteBuffer, isText: Bool) -> Outcome {
        guard isText else { return .binary(data) }
        return Self.isUTF8(data) ? .text(data) : .violation(1007)
    }

    private func control(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> Outcome {
        switch opcode {
        case .ping: .ping(data)
        case .pong: .pong
        default: close(data)
        }
    }

    /// Section 7.4: a code of two bytes or nothing, from the ranges that may be sent, with a reason in UTF-8.
    private func close(_ data: ByteBuffer) -> Outcome {
        var data = data
        if data.readableBytes == 0 { return .close(nil) }
        guard let code = data.readInteger(as: UInt16.self) else { return .violation(1002) }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999:
            return Self.isUTF8(data) ? .close(code) : .violation(1007)
        default:
            return .violation(1002)
        }
    }

    private static func isUTF8(_ data: ByteBuffer) -> Bool {
        data.readableBytesView.withContiguousStorageIfAvailable { bytes in
            // The validating initialiser of the standard library; ASCII takes its fast path.
            String(validating: bytes, as: UTF8.self) != nil
        } ?? false
    }
}
