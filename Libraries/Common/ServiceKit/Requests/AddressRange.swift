#if canImport(Glibc)
    import Glibc
#endif

/// One address, or all that begin with the same bits: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`. An IPv4 address in IPv6's
/// clothes (`::ffff:10.0.0.1`) is the IPv4 address.
package struct AddressRange: Sendable {
    private let prefix: [UInt8]
    private let bits: Int

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = Self.bytes(of: String(parts[0])) else { return nil }
        let bitsMax = address.count * 8
        guard parts.count == 1 || parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let bits = parts.count == 1 ? bitsMax : Int(parts[1]), bits <= bitsMax
        else { return nil }
        prefix = address
        self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == prefix.count else { return false }
        let whole = bits / 8
        guard address.prefix(whole) == prefix.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0
    }

    /// The part of an address that one customer holds, as text: of IPv4 the whole, of IPv6 the first 64 bits (RFC 6177), so
    /// that nobody counted by it walks on to the next address of the same network. What is no address is itself.
    package static func network(of text: String) -> String {
        guard let bytes = bytes(of: text) else { return text }
        guard bytes.count == 16 else { return bytes.map { String($0) }.joined(separator: ".") }
        return bytes[0..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }

    /// The 4 or 16 bytes of an address; nil for anything else.
    static func bytes(of text: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        let mapped = sixteen.prefix(10).allSatisfy { $0 == 0 } && sixteen[10] == 0xFF && sixteen[11] == 0xFF
        return mapped ? Array(sixteen.suffix(4)) : sixteen
    }
}
