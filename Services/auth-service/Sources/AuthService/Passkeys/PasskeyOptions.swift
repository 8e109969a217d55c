import ChatProtocol
package import StrictJSON
import Tokens
import WebAuthn

/// What `PublicKeyCredential.parseCreationOptionsFromJSON()` takes (WebAuthn level 3, section 5.1.9), with the challenge
/// beside it, to be sent back.
package struct CreationOptions: Sendable, JSONEncodable {
    let challenge: PasskeyChallenge
    let site: RelyingParty
    let user: User
    /// What the user has already: the same authenticator is not taken twice.
    let present: [Passkey]

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("challenge", challenge.text)
            json.key("options")
            json.object { json in
                json.key("rp")
                json.object { json in
                    json.field("id", site.id)
                    json.field("name", "Parley")
                }
                json.key("user")
                json.object { json in
                    json.field("id", Base64URL.encode(user.id.bytes))
                    json.field("name", user.username)
                    json.field("displayName", user.displayName)
                }
                json.field("challenge", challenge.text)
                json.field("pubKeyCredParams", PasskeyPublicKey.Algorithm.allCases.map(AlgorithmOption.init))
                json.field("timeout", PasskeyChallenge.life.milliseconds)
                json.field("excludeCredentials", present.map(CredentialOption.init))
                json.key("authenticatorSelection")
                json.object { json in
                    json.field("residentKey", "preferred")
                    json.field("userVerification", "preferred")
                }
                json.field("attestation", "none")
            }
        }
    }
}

/// What `PublicKeyCredential.parseRequestOptionsFromJSON()` takes.
package struct RequestOptions: Sendable, JSONEncodable {
    let challenge: [UInt8]
    let site: RelyingParty
    /// Empty: whichever passkeys the browser has for the site.
    let allowed: [Passkey]
    /// Whether the passkey is to be both factors.
    let userVerified: Bool

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("challenge", Base64URL.encode(challenge))
            json.field("rpId", site.id)
            json.field("timeout", PasskeyChallenge.life.milliseconds)
            json.field("allowCredentials", allowed.map(CredentialOption.init))
            json.field("userVerification", userVerified ? "required" : "preferred")
        }
    }
}

/// The answer to `POST /api/v1/auth/passkeys/options`.
package struct SignInOptions: Sendable, JSONEncodable {
    let challenge: PasskeyChallenge
    let options: RequestOptions

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("challenge", challenge.text)
            json.field("options", options)
        }
    }
}

private struct AlgorithmOption: JSONEncodable {
    let algorithm: PasskeyPublicKey.Algorithm

    init(_ algorithm: PasskeyPublicKey.Algorithm) { self.algorithm = algorithm }

    func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", "public-key")
            json.field("alg", algorithm.rawValue)
        }
    }
}

private struct CredentialOption: JSONEncodable {
    let passkey: Passkey

    init(_ passkey: Passkey) { self.passkey = passkey }

    func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("type", "public-key")
            json.field("id", Base64URL.encode(passkey.credentialID))
        }
    }
}
