import Crypto
import FoundationEssentials

/// The public key of a passkey: ES256 (P-256) or EdDSA (Ed25519).
package struct PasskeyPublicKey: Sendable, Equatable {
    /// Numbers of the IANA registry of COSE algorithms.
    package enum Algorithm: Int64, Sendable, CaseIterable {
        case es256 = -7
        case edDSA = -8
    }

    package let algorithm: Algorithm
    /// The uncompressed point (SEC 1, section 2.3.3) or the 32 bytes of RFC 8032.
    package let bytes: [UInt8]

    /// Nil for what is no key of the algorithm, such as a point that is not on the curve.
    package init?(algorithm: Algorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
        let isKey =
            switch algorithm {
            case .es256: (try? P256.Signing.PublicKey(x963Representation: bytes)) != nil
            case .edDSA: (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)) != nil
            }
        guard isKey else { return nil }
    }

    /// Reads a COSE_Key (RFC 9053, section 7; WebAuthn, section 5.8.5).
    package init?(cose: CBORValue) {
        let (type, algorithm, curve) = (cose[.unsigned(1)], cose[.unsigned(3)], cose[.negative(0)])
        let x = cose[.negative(1)]?.byteString ?? []
        let y = cose[.negative(2)]?.byteString
        switch (type, algorithm, curve) {
        case (.unsigned(2), .negative(6), .unsigned(1)):
            guard let y, x.count == 32, y.count == 32 else { return nil }
            var point: [UInt8] = [4]
            point += x
            point += y
            self.init(algorithm: .es256, bytes: point)
        case (.unsigned(1), .negative(7), .unsigned(6)):
            guard y == nil else { return nil }
            self.init(algorithm: .edDSA, bytes: Array(x))
        default: return nil
        }
    }

    /// - Parameter signature: of ES256 in DER (WebAuthn, section 6.5.6).
    package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        switch algorithm {
        case .es256:
            guard let key = try? P256.Signing.PublicKey(x963Representation: bytes),
                let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: message)
        case .edDSA:
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
            return key.isValidSignature(signature, for: message)
        }
    }
}
