import ChatProtocol
import Crypto
import Foundation
import StrictJSON
import Testing

@testable import Tokens

@Suite("An access token")
struct AccessTokenTests {
    private let key: SigningKey
    private let verifier = AccessToken.verifier()
    private let user = UserID.make()
    private let session = SessionID.make()

    init() async throws {
        key = try #require(SigningKey(id: "k1", seed: (0..<32).map { UInt8($0) }))
        await verifier.replaceKeys([key.verificationKey])
    }

    private func token(lifetime: Duration = .seconds(60), issued: Timestamp = .now) async throws -> String {
        try await TokenSigner(key: key, type: AccessToken.type)
            .sign(AccessToken.claims(user: user, session: session, now: issued, lifetime: lifetime))
    }

    /// Signs any header and payload with the right key.
    private func forge(header: String, payload: String) throws -> String {
        let seed = (0..<32).map { UInt8($0) }
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        let signature = try Curve25519.Signing.PrivateKey(rawRepresentation: seed).signature(for: Data(input.utf8))
        return input + "." + Base64URL.encode(Array(signature))
    }

    private let header = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#

    private func payload(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        var claims: [String: Any] = [
            "iss": "parley-auth", "aud": "parley", "sub": user.description, "sid": session.description, "iat": now,
            "nbf": now, "exp": now + 60, "jti": "x",
        ]
        change(&claims)
        return String(decoding: try JSONSerialization.data(withJSONObject: claims), as: UTF8.self)
    }

    @Test("says who and in which session")
    func roundTrip() async throws {
        let access = try await AccessToken(verifying: try await token(), by: verifier)
        #expect(access.user == user)
        #expect(access.session == session)
        let forged = try forge(header: header, payload: payload())
        #expect(try await AccessToken(verifying: forged, by: verifier).user == user)
    }

    @Test("is refused when it has run out")
    func expiry() async throws {
        let old = try await token(lifetime: .seconds(5), issued: Timestamp.now.advanced(by: .seconds(-10)))
        await #expect(throws: TokenError.expired) { try await AccessToken(verifying: old, by: verifier) }
    }

    @Test(
        "is refused with another algorithm, type or key in its header",
        arguments: [
            #"{"alg":"none","typ":"at+jwt","kid":"k1"}"#, #"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#,
            #"{"alg":"eddsa","typ":"at+jwt","kid":"k1"}"#, #"{"alg":"EdDSA","typ":"JWT","kid":"k1"}"#,
            #"{"alg":"EdDSA","typ":"parley-service+jwt","kid":"k1"}"#, #"{"alg":"EdDSA","kid":"k1"}"#,
            #"{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}"#, #"{"alg":"EdDSA","typ":"at+jwt"}"#,
            #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["x"]}"#,
            #"{"alg":"EdDSA","alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#,
        ])
    func headers(header: String) async throws {
        let forged = try forge(header: header, payload: payload())
        await #expect(throws: TokenError.self) { try await AccessToken(verifying: forged, by: verifier) }
    }

    @Test("is refused without its claims or with wrong ones, even when rightly signed")
    func claims() async throws {
        let changes: [(inout [String: Any]) -> Void] = [
            { $0["exp"] = nil }, { $0["iat"] = nil }, { $0["nbf"] = nil }, { $0["iss"] = "other" },
            { $0["aud"] = "other" }, { $0["aud"] = ["parley"] }, { $0["sub"] = "root" }, { $0["sid"] = nil },
            { $0["exp"] = 1.5e10 + 0.5 }, { $0["exp"] = -1 }, { $0["nbf"] = Int(Date().timeIntervalSince1970) + 600 },
            { $0["exp"] = "9999999999" },
        ]
        for change in changes {
            let forged = try forge(header: header, payload: payload(change))
            await #expect(throws: TokenError.self) { try await AccessToken(verifying: forged, by: verifier) }
        }
        let twice = try payload().dropLast() + #","sub":"x"}"#
        let forged = try forge(header: header, payload: String(twice))
        await #expect(throws: TokenError.self) { try await AccessToken(verifying: forged, by: verifier) }
    }

    @Test("is refused in any other spelling than the canonical one")
    func spelling() async throws {
        let good = try await token()
        let parts = good.split(separator: ".")
        let flipped = parts[2].first == "A" ? "B" : "A"
        let start = "\(parts[0]).\(parts[1])"
        let bad: [String] = [
            "", ".", "..", "\(good).", "\(good).x", "\(good)=", start, "\(start).", " \(good)", "\(good)\n",
            "\(start).\(flipped)\(parts[2].dropFirst())", String(repeating: "a", count: 5000),
        ]
        for token in bad {
            await #expect(throws: TokenError.self) { try await AccessToken(verifying: token, by: verifier) }
        }
    }
}

@Suite("A service token")
struct ServiceTokenTests {
    private let secret = DeploymentSecret(Array(repeating: 7, count: 32))

    @Test("is taken by the service it is for, from a caller that it knows")
    func rightCaller() async throws {
        let secret = try #require(secret)
        let issuer = ServiceTokenIssuer(caller: "realtime-gateway", secret: secret)
        let verifier = await ServiceTokenVerifier(
            callee: "message-service", callers: ["realtime-gateway"], secret: secret)
        #expect(try await verifier.verify(try await issuer.token(for: "message-service")) == "realtime-gateway")
        let foreign = try await issuer.token(for: "auth-service")
        await #expect(throws: TokenError.wrongClaims) { try await verifier.verify(foreign) }
    }

    @Test("is refused from a caller that is not listed, and from another deployment")
    func wrongCaller() async throws {
        let secret = try #require(secret)
        let verifier = await ServiceTokenVerifier(
            callee: "message-service", callers: ["realtime-gateway"], secret: secret)
        let unlisted = try await ServiceTokenIssuer(caller: "presence-service", secret: secret)
            .token(for: "message-service")
        await #expect(throws: TokenError.unknownKey) { try await verifier.verify(unlisted) }
        let other = try #require(DeploymentSecret(Array(repeating: 8, count: 32)))
        let foreign = try await ServiceTokenIssuer(caller: "realtime-gateway", secret: other)
            .token(for: "message-service")
        await #expect(throws: TokenError.badSignature) { try await verifier.verify(foreign) }
    }

    @Test("needs a secret of at least 32 bytes")
    func shortSecret() {
        #expect(DeploymentSecret(Array(repeating: 7, count: 31)) == nil)
    }
}
