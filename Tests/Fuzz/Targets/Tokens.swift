import ChatProtocol
import Crypto
import Dispatch
import Foundation

@testable import Tokens

/// A token. The first byte of the input says what the rest is: the text of an access token (0) or a service token (1),
/// or header and payload of such a token, between them a line feed, signed with the right key (2, 3) or a wrong one
/// (4, 5).
func tokens(_ input: [UInt8]) {
    guard let kind = input.first, kind < 6 else { return }
    let verifier = kind % 2 == 0 ? fixture.access : fixture.service
    let token = kind < 2 ? String(decoding: input.dropFirst(), as: UTF8.self) : forge(input.dropFirst(), by: kind)
    guard let (claims, expires) = fixture.verify(token, by: verifier) else { return }
    require(kind < 4 && isSigned(token), "a token is accepted only if its signature holds")
    require(token.utf8.count <= 4096, "a token is short")
    require(expires > now && expires.milliseconds == claims.exp * 1000, "an accepted token is in date")
    require(claims.exp - claims.iat <= (kind % 2 == 0 ? 900 : 60), "an accepted token is short-lived")
    if kind % 2 == 0 {
        require(claims.iss == AccessToken.issuer && claims.aud == AccessToken.audience, "an access token is Parley's")
    } else {
        require(claims.iss == caller && claims.aud == callee, "a service token is for this service")
    }
}

private let caller = "realtime-gateway"
private let callee = "message-service"
private let now = Timestamp(milliseconds: 1_800_000_000_000)
private let fixture = TokenFixture()

/// The verifiers, with keys of which the corpus has signatures.
private struct TokenFixture: Sendable {
    let key: Curve25519.Signing.PrivateKey
    let wrongKey = Curve25519.Signing.PrivateKey()
    let access = AccessToken.verifier()
    let service = TokenVerifier(
        type: ServiceToken.type, issuer: nil, audience: callee, lifetimeMax: ServiceToken.lifetime)

    init() {
        let seed = (0..<32).map { UInt8($0) }
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let accessKey = SigningKey(id: "k1", seed: seed), let serviceKey = SigningKey(id: caller, seed: seed)
        else { fatalError("any 32 bytes are an Ed25519 seed") }
        self.key = key
        let (access, service) = (access, service)
        wait {
            await access.replaceKeys([accessKey.verificationKey])
            await service.replaceKeys([serviceKey.verificationKey])
        }
    }

    func verify(_ token: String, by verifier: TokenVerifier) -> (claims: TokenClaims, expires: Timestamp)? {
        wait { try? await verifier.verify(token, now: now) }
    }
}

private func forge(_ parts: ArraySlice<UInt8>, by kind: UInt8) -> String {
    let lines = parts.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let input = lines.map { Base64URL.encode(Array($0)) }.joined(separator: ".")
    let key = kind < 4 ? fixture.key : fixture.wrongKey
    let signature = try? key.signature(for: Data(input.utf8))
    return input + "." + Base64URL.encode(Array(signature ?? Data()))
}

/// Checks the signature without anything of the verifier's.
private func isSigned(_ token: String) -> Bool {
    guard let dot = token.utf8.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let text = String(token[token.index(after: dot)...])
        .replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    guard let signature = Data(base64Encoded: text + "==") else { return false }
    return fixture.key.publicKey.isValidSignature(signature, for: Data(token[..<dot].utf8))
}

/// Runs asynchronous work to its end: libFuzzer's callback is synchronous.
private func wait<Result: Sendable>(for work: @escaping @Sendable () async -> Result) -> Result {
    let box = Box<Result>()
    Task.detached {
        box.value = await work()
        box.done.signal()
    }
    box.done.wait()
    guard let value = box.value else { fatalError("the work has ended with a result") }
    return value
}

/// Safe because the semaphore orders the one write before the one read.
private final class Box<Value>: @unchecked Sendable {
    var value: Value?
    let done = DispatchSemaphore(value: 0)
}
