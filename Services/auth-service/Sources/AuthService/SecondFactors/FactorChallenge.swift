import ChatProtocol
import Crypto
package import StrictJSON
import Tokens
import WebAuthn

/// What a user can show besides the password.
package enum FactorMethod: String, Sendable, JSONEncodable {
    case totp
    case recoveryCode = "recovery_code"
    case passkey

    package func encode(to json: inout JSONWriter) { json.string(rawValue) }
}

/// The secret that holds a sign-in together while its second factor is waited for: 256 random bits.
package struct ChallengeToken: Sendable {
    private static let bytesCount = 32

    private let bytes: [UInt8]

    package init() {
        var random = SystemRandomNumberGenerator()
        bytes = (0..<Self.bytesCount).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Reads one as a client sent it; nil for what cannot be one.
    package init?(_ text: String) {
        guard text.utf8.count < 64, let bytes = Base64URL.decode(text), bytes.count == Self.bytesCount else {
            return nil
        }
        self.bytes = bytes
    }

    package var text: String { Base64URL.encode(bytes) }
    /// What the database knows of it.
    package var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }
}

/// The answer to a right password that is not enough.
package struct FactorChallenge: Sendable, JSONEncodable {
    /// How long the second factor may take.
    package static let life: Duration = .seconds(300)
    /// How often it may be tried.
    package static let triesMax = 5

    package let token: ChallengeToken
    package let methods: [FactorMethod]
    /// Those of the user, and where they may be used.
    let passkeys: [Passkey]
    let site: RelyingParty

    package func encode(to json: inout JSONWriter) {
        let code = ErrorCode.factorRequired
        json.object { json in
            json.key("error")
            json.object { json in
                json.field("code", code.rawValue)
                json.field("message", "a second factor is needed")
                json.field("retryable", code.retryable)
            }
            json.key("challenge")
            json.object { json in
                json.field("token", token.text)
                json.field("expires_in", Self.life.milliseconds / 1000)
                json.field("methods", methods)
                if !passkeys.isEmpty {
                    json.field(
                        "passkey",
                        RequestOptions(
                            challenge: token.passkeyChallenge, site: site, allowed: passkeys, userVerified: false))
                }
            }
        }
    }
}
