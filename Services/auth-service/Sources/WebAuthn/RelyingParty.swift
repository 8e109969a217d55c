import Crypto
import StrictJSON
import Tokens

/// The site that passkeys are for, and the rules by which it takes what a browser brings (WebAuthn level 2, sections
/// 7.1 and 7.2).
package struct RelyingParty: Sendable, Equatable {
    /// A domain: the site's host, or one it is below.
    package let id: String
    /// Where its pages are from, exactly.
    package let origins: [String]

    package init(id: String, origins: [String]) {
        self.id = id
        self.origins = origins
    }

    /// Why something was not taken. For the log: a client only learns that it was not.
    package enum Refusal: Error, Equatable {
        case clientData, ceremony, challenge, origin
        case authenticatorData, relyingParty, userNotPresent, userNotVerified
        case attestation, publicKey, signature
    }

    package struct Registration: Sendable {
        package let credentialID: [UInt8]
        package let publicKey: PasskeyPublicKey
        package let signCount: UInt32
    }

    /// A new credential. Of its attestation only the kind "none" says nothing, and other kinds are not looked at: this
    /// site trusts every make of authenticator (section 7.1, step 21).
    package func register(_ response: RegistrationResponse, challenge: [UInt8]) throws(Refusal) -> Registration {
        try check(response.clientData, is: "webauthn.create", challenge: challenge)
        guard let object = try? CBORReader.parse(response.attestationObject[...]),
            case .text(let format)? = object[.text("fmt")], case .map(let statement)? = object[.text("attStmt")],
            let bytes = object[.text("authData")]?.byteString
        else { throw .attestation }
        guard format != "none" || statement.isEmpty else { throw .attestation }
        let data = try self.data(Array(bytes), userVerified: false)
        guard let attested = data.attested else { throw .attestation }
        guard let key = PasskeyPublicKey(cose: attested.publicKey) else { throw .publicKey }
        guard attested.credentialID == response.id else { throw .attestation }
        return Registration(credentialID: attested.credentialID, publicKey: key, signCount: data.signCount)
    }

    /// A proof of a credential that is known.
    /// - Parameter userVerified: whether the authenticator must have asked for a PIN or a fingerprint.
    /// - Returns: the authenticator's count of signatures.
    package func verify(
        _ response: AssertionResponse, challenge: [UInt8], key: PasskeyPublicKey, userVerified: Bool
    ) throws(Refusal) -> UInt32 {
        try check(response.clientData, is: "webauthn.get", challenge: challenge)
        let data = try self.data(response.authenticatorData, userVerified: userVerified)
        let message = response.authenticatorData + SHA256.hash(data: response.clientData)
        guard key.isValid(response.signature, for: message) else { throw .signature }
        return data.signCount
    }

    /// Whether the count shows that there is no second copy of the authenticator: it rises, or is not kept at all
    /// (section 7.2, step 21).
    package static func isPlausible(signCount: UInt32, after last: UInt32) -> Bool {
        signCount > last || (signCount == 0 && last == 0)
    }

    private func check(_ clientData: [UInt8], is ceremony: String, challenge: [UInt8]) throws(Refusal) {
        guard let json = try? JSONDocument(parsing: clientData).root, json.isObject else { throw .clientData }
        guard json["type"]?.string == ceremony else { throw .ceremony }
        guard let text = json["challenge"]?.string, let bytes = Base64URL.decode(text), bytes == challenge else {
            throw .challenge
        }
        // Byte by byte: Swift holds some strings equal that are not. No page of another site may have us in a frame.
        guard let origin = json["origin"]?.string, origins.contains(where: { $0.utf8.elementsEqual(origin.utf8) }),
            json["crossOrigin"]?.bool != true
        else { throw .origin }
    }

    private func data(_ bytes: [UInt8], userVerified: Bool) throws(Refusal) -> AuthenticatorData {
        guard let data = AuthenticatorData(bytes) else { throw .authenticatorData }
        guard data.relyingPartyHash.elementsEqual(SHA256.hash(data: Array(id.utf8))) else { throw .relyingParty }
        guard data.isUserPresent else { throw .userNotPresent }
        guard data.isUserVerified || !userVerified else { throw .userNotVerified }
        return data
    }
}
