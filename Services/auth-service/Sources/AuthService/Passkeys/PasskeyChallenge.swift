package import ChatProtocol
import Crypto
package import Tokens

/// What a passkey has to sign, so that no old signature opens anything: 128 random bits, an end, and a tag that only
/// this deployment can make and that binds both to a purpose. Nothing is stored until it is used up, since anybody may
/// ask for one.
package struct PasskeyChallenge: Sendable, Equatable {
    package enum Purpose: Sendable, Equatable {
        case signIn
        case enrolment(UserID)

        fileprivate var text: String {
            switch self {
            case .signIn: "sign-in"
            case .enrolment(let user): "enrolment \(user)"
            }
        }
    }

    package static let life: Duration = .seconds(300)
    private static let randomBytes = 16
    private static let bodyBytes = randomBytes + 8

    package let bytes: [UInt8]
    package let expires: Timestamp

    /// A new one.
    package init(for purpose: Purpose, key: PasskeyChallengeKey, now: Timestamp = .now) {
        var random = SystemRandomNumberGenerator()
        expires = now.advanced(by: Self.life)
        let end = withUnsafeBytes(of: expires.milliseconds.bigEndian) { Array($0) }
        let body = (0..<Self.randomBytes).map { _ in UInt8.random(in: 0...255, using: &random) } + end
        bytes = body + key.tag(of: body, purpose.text)
    }

    /// Reads one as a client sent it; nil for what is none of ours, of another purpose, or over.
    package init?(_ text: String, for purpose: Purpose, key: PasskeyChallengeKey, now: Timestamp = .now) {
        guard text.utf8.count < 128, let bytes = Base64URL.decode(text), bytes.count > Self.bodyBytes,
            key.isTag(bytes[Self.bodyBytes...], of: Array(bytes[..<Self.bodyBytes]), purpose.text)
        else { return nil }
        self.bytes = bytes
        let end = bytes[Self.randomBytes..<Self.bodyBytes].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        expires = Timestamp(milliseconds: end)
        guard expires > now else { return nil }
    }

    package var text: String { Base64URL.encode(bytes) }
    package var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }
}

/// The key of the tags.
package struct PasskeyChallengeKey: Sendable {
    private let key: SymmetricKey

    package init(_ secret: DeploymentSecret) {
        key = SymmetricKey(data: secret.derive("parley auth passkey challenges"))
    }

    fileprivate func tag(of body: [UInt8], _ purpose: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: body + Array(purpose.utf8), using: key))
    }

    fileprivate func isTag(_ tag: ArraySlice<UInt8>, of body: [UInt8], _ purpose: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(Array(tag), authenticating: body + Array(purpose.utf8), using: key)
    }
}

extension ChallengeToken {
    /// What a passkey signs as the second factor of this sign-in. Single use as the token is.
    package var passkeyChallenge: [UInt8] { Array(SHA256.hash(data: Array("parley passkey challenge \(text)".utf8))) }
}
