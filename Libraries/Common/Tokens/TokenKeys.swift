import Crypto
import FoundationEssentials
import JWTKit

/// An Ed25519 key that signs tokens, and its public half, both under one `kid`.
package struct SigningKey: Sendable {
    package let id: String
    let key: EdDSA.PrivateKey

    /// - Parameter seed: the 32 bytes of the private key (RFC 8032, section 5.1.5).
    package init?(id: String, seed: [UInt8]) {
        guard let backing = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.id = id
        key = EdDSA.PrivateKey(backing: backing)
    }

    package var verificationKey: VerificationKey { VerificationKey(id: id, key: key.publicKey) }
}

/// The public half of a ``SigningKey``.
package struct VerificationKey: Sendable {
    package let id: String
    let key: EdDSA.PublicKey

    init(id: String, key: EdDSA.PublicKey) {
        self.id = id
        self.key = key
    }

    /// - Parameter bytes: the 32 bytes of the public key.
    package init?(id: String, bytes: [UInt8]) {
        guard let backing = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return nil }
        self.init(id: id, key: EdDSA.PublicKey(backing: backing))
    }

    package var bytes: [UInt8] { Array(key.rawRepresentation) }
}

/// The keys that services sign their calls with: one Ed25519 pair per service, derived from the one deployment secret
/// by HKDF-SHA-256 (RFC 5869), so that nothing has to be handed round.
package struct DeploymentSecret: Sendable {
    /// Bytes a secret must have at least.
    package static let bytesMin = 32

    private let secret: [UInt8]

    /// Nil where the secret is too short.
    package init?(_ secret: [UInt8]) {
        guard secret.count >= Self.bytesMin else { return nil }
        self.secret = secret
    }

    /// The key of one service.
    package func signingKey(of service: String) -> SigningKey {
        guard let key = SigningKey(id: service, seed: derive("parley service key: \(service)")) else {
            preconditionFailure("any 32 bytes are an Ed25519 seed")
        }
        return key
    }

    /// 32 bytes for another use, such as sealing keys at rest.
    package func derive(_ purpose: String) -> [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array(purpose.utf8), outputByteCount: 32)
        return key.withUnsafeBytes { Array($0) }
    }
}

/// Base64url without padding (RFC 4648, section 5), accepted in its one canonical spelling only.
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String {
        let text = Data(bytes).base64EncodedData().prefix { $0 != UInt8(ascii: "=") }
        return String(decoding: text.map { swapped($0, "+/", for: "-_") }, as: UTF8.self)
    }

    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var standard: [UInt8] = []
        standard.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                standard.append(swapped(byte, "-_", for: "+/"))
            default: return nil
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        guard let data = Data(base64Encoded: Data(standard)), encode(Array(data)).utf8.elementsEqual(text.utf8)
        else { return nil }
        return Array(data)
    }

    /// The byte, or for one of the two in `old` the one at its place in `new`.
    private static func swapped(_ byte: UInt8, _ old: StaticString, for new: StaticString) -> UInt8 {
        byte == old.utf8Start[0] ? new.utf8Start[0] : byte == old.utf8Start[1] ? new.utf8Start[1] : byte
    }
}
