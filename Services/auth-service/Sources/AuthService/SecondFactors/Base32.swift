/// Base32 (RFC 4648, section 6) without padding: what authenticator apps take, and what people can type.
package enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var pending: UInt16 = 0
        var bits = 0
        for byte in bytes {
            pending = pending << 8 | UInt16(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(pending >> UInt16(bits)) & 31])
            }
        }
        if bits > 0 { text.append(alphabet[Int(pending << UInt16(5 - bits)) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }
}
