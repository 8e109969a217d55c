package import ChatProtocol
import Crypto
package import Tokens

/// A refresh token: the session's id, 256 random bits, and a tag that only this deployment can make, together 64 bytes
/// in base64url.
///
/// What makes a token good is that its SHA-256 is the session's (no stored token can be read out of the database). The
/// tag only tells an old token of ours, whose use ends the session, from one that somebody made up, whose use must
/// not: ids of sessions are no secret. So no history of tokens has to be kept.
package struct RefreshToken: Sendable, Equatable {
    private static let secretBytes = 32
    private static let tagBytes = 16
    private static let bytesCount = 16 + secretBytes + tagBytes

    package let session: SessionID
    private let bytes: [UInt8]

    /// A new token.
    package init(for session: SessionID, key: RefreshKey) {
        var random = SystemRandomNumberGenerator()
        let body = session.bytes + (0..<Self.secretBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        self.session = session
        bytes = body + key.tag(of: body)
    }

    /// Reads a token as a client sent it; nil for what cannot be one.
    package init?(_ text: String) {
        guard text.utf8.count < 128, let bytes = Base64URL.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    private init?(bytes: [UInt8]) {
        guard bytes.count == Self.bytesCount, let session = SessionID(bytes: bytes[..<16]) else { return nil }
        self.session = session
        self.bytes = bytes
    }

    package var text: String { Base64URL.encode(bytes) }

    /// What the database knows of it.
    package var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Whether this deployment made it.
    package func isAuthentic(by key: RefreshKey) -> Bool {
        key.isTag(bytes.suffix(Self.tagBytes), of: bytes.dropLast(Self.tagBytes))
    }

    // MARK: The successor

    /// The token that follows this one, sealed so that only who holds this one can read it: a repeat of a lost
    /// refresh gets the same successor.
    package func seal(_ successor: RefreshToken) throws -> [UInt8] {
        try SealedSecret.seal(successor.bytes, key: sealingKey, context: session.description)
    }

    package func openSuccessor(_ sealed: [UInt8]) -> RefreshToken? {
        SealedSecret.open(sealed, key: sealingKey, context: session.description).flatMap { Self(bytes: $0) }
    }

    /// HKDF of the token itself (RFC 5869), unlike its hash never stored.
    private var sealingKey: [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), info: Array("parley refresh successor".utf8),
            outputByteCount: 32)
        return key.withUnsafeBytes { Array($0) }
    }
}

/// The key of the tags.
package struct RefreshKey: Sendable {
    private let key: SymmetricKey

    package init(_ secret: DeploymentSecret) {
        key = SymmetricKey(data: secret.derive("parley auth refresh token tags"))
    }

    fileprivate func tag(of body: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: body, using: key)).prefix(16).map { $0 }
    }

    /// Compared without a branch on the bytes.
    fileprivate func isTag(_ tag: ArraySlice<UInt8>, of body: ArraySlice<UInt8>) -> Bool {
        let right = self.tag(of: Array(body))
        return tag.count == right.count && zip(tag, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
