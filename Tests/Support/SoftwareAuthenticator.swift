package import Crypto
import Foundation
import Tokens

/// An authenticator and the browser around it, for tests: makes a credential and signs with it, rightly unless told
/// otherwise.
package struct SoftwareAuthenticator: Sendable {
    package enum Key: Sendable {
        case es256(P256.Signing.PrivateKey)
        case edDSA(Curve25519.Signing.PrivateKey)
    }

    package var key: Key
    package var credentialID: [UInt8]
    package var domain: String
    package var origin: String
    /// User present, user verified.
    package var flags: UInt8 = 0x05
    package var signCount: UInt32 = 0
    package var userHandle: [UInt8]?
    /// Put into the client data.
    package var crossOrigin = "false"
    package var attestation: (format: String, statement: [UInt8]) = ("none", [0xA0])
    /// The COSE_Key, where it is not to be that of `key`.
    package var publicKey: [UInt8]?

    package init(key: Key = .es256(.init()), domain: String, origin: String) {
        self.key = key
        self.domain = domain
        self.origin = origin
        credentialID = (0..<32).map { _ in UInt8.random(in: 0...255) }
    }

    // MARK: What it makes

    package func clientData(_ type: String, _ challenge: [UInt8]) -> [UInt8] {
        Array(
            #"""
            {"type":"\#(type)","challenge":"\#(Base64URL.encode(challenge))","origin":"\#(origin)","crossOrigin":\#(crossOrigin)}
            """#.utf8)
    }

    package func authenticatorData(attested: Bool = false) -> [UInt8] {
        var data = Array(SHA256.hash(data: Array(domain.utf8)))
        data.append(attested ? flags | 0x40 : flags)
        data += Self.bigEndian(signCount)
        guard attested else { return data }
        data += [UInt8](repeating: 0, count: 16)
        data += Self.bigEndian(UInt16(credentialID.count))
        return data + credentialID + (publicKey ?? cose)
    }

    package func attestationObject() -> [UInt8] {
        let data = authenticatorData(attested: true)
        let head: [UInt8] = [0xA3]
        let parts = [
            head, Self.text("fmt"), Self.text(attestation.format), Self.text("attStmt"), attestation.statement,
            Self.text("authData"), Self.bytes(data),
        ]
        return parts.flatMap { $0 }
    }

    package func signature(of message: [UInt8]) throws -> [UInt8] {
        switch key {
        case .es256(let key): Array(try key.signature(for: message).derRepresentation)
        case .edDSA(let key): Array(try key.signature(for: message))
        }
    }

    // MARK: As the browser hands it over

    package func registration(_ challenge: [UInt8], type: String = "webauthn.create") -> String {
        let id = Base64URL.encode(credentialID)
        return #"""
            {"id":"\#(id)","rawId":"\#(id)","type":"public-key","clientExtensionResults":{},"response":{\#
            "clientDataJSON":"\#(Base64URL.encode(clientData(type, challenge)))",\#
            "attestationObject":"\#(Base64URL.encode(attestationObject()))","transports":["internal"]}}
            """#
    }

    package func assertion(_ challenge: [UInt8], type: String = "webauthn.get") throws -> String {
        let id = Base64URL.encode(credentialID)
        let (client, data) = (clientData(type, challenge), authenticatorData())
        let signature = try signature(of: data + SHA256.hash(data: client))
        let handle = userHandle.map { #","userHandle":"\#(Base64URL.encode($0))""# } ?? ""
        return #"""
            {"id":"\#(id)","rawId":"\#(id)","type":"public-key","clientExtensionResults":{},"response":{\#
            "clientDataJSON":"\#(Base64URL.encode(client))","authenticatorData":"\#(Base64URL.encode(data))",\#
            "signature":"\#(Base64URL.encode(signature))"\#(handle)}}
            """#
    }

    // MARK: CBOR

    /// The public key as a COSE_Key.
    package var cose: [UInt8] {
        switch key {
        case .es256(let key):
            let point = Array(key.publicKey.x963Representation)
            var cose: [UInt8] = [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]
            cose += Self.bytes(Array(point[1..<33]))
            cose.append(0x22)
            return cose + Self.bytes(Array(point[33...]))
        case .edDSA(let key):
            let cose: [UInt8] = [0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21]
            return cose + Self.bytes(Array(key.publicKey.rawRepresentation))
        }
    }

    package static func bytes(_ bytes: [UInt8]) -> [UInt8] { head(0x40, bytes.count) + bytes }

    package static func text(_ text: String) -> [UInt8] { head(0x60, text.utf8.count) + Array(text.utf8) }

    private static func head(_ kind: UInt8, _ count: Int) -> [UInt8] {
        switch count {
        case ..<24: [kind | UInt8(count)]
        case ..<256: [kind | 24, UInt8(count)]
        default: [kind | 25] + bigEndian(UInt16(count))
        }
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
