#if canImport(Glibc)
    import Glibc
#endif

/// A client's address and the part of it that one customer holds: an IPv4 address whole, of an IPv6 address the first
/// 64 bits (RFC 6177), so that nobody throttled walks on to the next address of the same network.
package struct AddressPrefix: Sendable, Hashable {
    /// As it is shown in the list of sessions.
    package let address: String
    package let prefix: String

    package init(_ address: String) {
        self.address = address
        var network = in6_addr()
        guard inet_pton(AF_INET6, address, &network) == 1 else {
            prefix = address
            return
        }
        let bytes = withUnsafeBytes(of: &network) { Array($0) }
        let isMappedIPv4 = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        prefix =
            isMappedIPv4
            ? bytes[12...].map { String($0) }.joined(separator: ".")
            : bytes[0..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}
