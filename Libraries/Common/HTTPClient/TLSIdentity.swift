/// What one end of a connection shows and whom it believes: all as PEM.
package struct TLSIdentity: Sendable {
    /// Its certificate, and what leads from there to the authority.
    package let certificates: [UInt8]
    package let key: [UInt8]
    /// The authority of the other end's certificate; no other is believed.
    package let authority: [UInt8]

    package init(certificates: [UInt8], key: [UInt8], authority: [UInt8]) {
        self.certificates = certificates
        self.key = key
        self.authority = authority
    }
}
