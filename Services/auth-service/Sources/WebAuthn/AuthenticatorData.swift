/// What an authenticator signs (WebAuthn, section 6.1).
package struct AuthenticatorData: Sendable {
    /// A credential that was made just now (section 6.5.1).
    package struct Attested: Sendable {
        package let credentialID: [UInt8]
        package let publicKey: CBORValue
    }

    /// Bytes of a credential's id (section 4, "Credential ID").
    package static let credentialIDMax = 1023

    package let relyingPartyHash: ArraySlice<UInt8>
    package let isUserPresent: Bool
    package let isUserVerified: Bool
    package let signCount: UInt32
    package let attested: Attested?

    /// Nil for anything that is not exactly that, with nothing behind it.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 37 else { return nil }
        let flags = bytes[32]
        relyingPartyHash = bytes[..<32]
        isUserPresent = flags & 0x01 != 0
        isUserVerified = flags & 0x04 != 0
        signCount = bytes[33..<37].reduce(0) { $0 << 8 | UInt32($1) }
        // A credential that is backed up must be one that may be (section 6.1.3).
        guard flags & 0x18 != 0x10 else { return nil }

        var rest = bytes[37...]
        if flags & 0x40 != 0 {
            guard rest.count >= 18 else { return nil }
            let length = Int(rest[rest.startIndex + 16]) << 8 | Int(rest[rest.startIndex + 17])
            rest = rest.dropFirst(18)
            guard (1...Self.credentialIDMax).contains(length), rest.count > length else { return nil }
            var reader = CBORReader(rest.dropFirst(length))
            guard let key = try? reader.value() else { return nil }
            attested = Attested(credentialID: Array(rest.prefix(length)), publicKey: key)
            rest = reader.rest
        } else {
            attested = nil
        }
        if flags & 0x80 != 0 {
            guard case .map? = try? CBORReader.parse(rest) else { return nil }
            rest = []
        }
        guard rest.isEmpty else { return nil }
    }
}
