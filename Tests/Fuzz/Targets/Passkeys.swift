import Crypto
import Foundation
import StrictJSON
import WebAuthn

/// What an authenticator and a browser bring. The first byte of the input says what the rest is: CBOR (0), authenticator
/// data (1), a whole registration (2) or assertion (3) as JSON.
func passkeys(_ input: [UInt8]) {
    let rest = Array(input.dropFirst())
    switch input.first {
    case 0: checkCBOR(rest)
    case 1: checkData(rest)
    case 2:
        guard let response = try? RegistrationResponse(parsing: rest) else { return }
        guard let made = try? site.register(response, challenge: challenge) else { return }
        require(made.credentialID == response.id, "a credential is the one that it says it is")
        require(
            PasskeyPublicKey(algorithm: made.publicKey.algorithm, bytes: made.publicKey.bytes) == made.publicKey,
            "a key is its bytes")
    case 3:
        guard let response = try? AssertionResponse(parsing: rest) else { return }
        let count = try? site.verify(response, challenge: challenge, key: key, userVerified: true)
        guard count != nil else { return }
        let message = response.authenticatorData + SHA256.hash(data: response.clientData)
        require(key.isValid(response.signature, for: message), "what is taken is signed")
        require(AuthenticatorData(response.authenticatorData)?.isUserVerified == true, "and its user verified")
    default: return
    }
}

private let site = RelyingParty(id: "chat.example.org", origins: ["https://chat.example.org"])
private let challenge = (0..<32).map { UInt8($0) }
private let key: PasskeyPublicKey = {
    let seed = (0..<32).map { UInt8($0) }
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
        let pair = PasskeyPublicKey(algorithm: .edDSA, bytes: Array(key.publicKey.rawRepresentation))
    else { fatalError("any 32 bytes are an Ed25519 seed") }
    return pair
}()

private func checkCBOR(_ bytes: [UInt8]) {
    var reader = CBORReader(bytes[...])
    guard let value = try? reader.value() else { return }
    let read = bytes.count - reader.rest.count
    require(read > 0 && reader.rest.elementsEqual(bytes[read...]), "what was not read is left")
    require((try? CBORReader.parse(bytes[..<read])) == value, "a value ends where it ends")
    require(read == 1 || (try? CBORReader.parse(bytes[..<(read - 1)])) == nil, "and not before")
}

private func checkData(_ bytes: [UInt8]) {
    guard let data = AuthenticatorData(bytes) else { return }
    require(AuthenticatorData(bytes + [0]) == nil, "nothing stands behind the data")
    require(data.relyingPartyHash.count == 32, "a hash has 32 bytes")
    if let attested = data.attested {
        require((1...AuthenticatorData.credentialIDMax).contains(attested.credentialID.count), "an id has a length")
        _ = PasskeyPublicKey(cose: attested.publicKey)
    }
}
