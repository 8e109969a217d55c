import ChatProtocol
import Crypto
import Foundation
import StrictJSON
import Testing

@testable import Tokens

/// Tokens that are signed with the right key and yet must not be taken, or are signed with no key at all (RFC 8725).
@Suite("A forged access token") struct ForgedTokenTests {
    private let seed = (0..<32).map { UInt8($0) }
    private let verifier = AccessToken.verifier()
    private let user = UserID.make()
    private let session = SessionID.make()
    private let header = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#

    init() async throws {
        let key = try #require(SigningKey(id: "k1", seed: seed))
        await verifier.replaceKeys([key.verificationKey])
    }

    private var key: Curve25519.Signing.PrivateKey {
        get throws { try Curve25519.Signing.PrivateKey(rawRepresentation: seed) }
    }

    private func input(_ header: String, _ payload: String) -> String {
        Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
    }

    /// Signs any header and payload with the right key.
    private func signed(_ header: String, _ payload: String) throws -> String {
        let input = input(header, payload)
        return input + "." + Base64URL.encode(Array(try key.signature(for: Data(input.utf8))))
    }

    private func payload(_ change: (inout [String: Any]) -> Void = { _ in }) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        var claims: [String: Any] = [
            "iss": "parley-auth", "aud": "parley", "sub": user.description, "sid": session.description, "iat": now,
            "nbf": now, "exp": now + 60, "jti": "x",
        ]
        change(&claims)
        return String(decoding: try JSONSerialization.data(withJSONObject: claims), as: UTF8.self)
    }

    private func isTaken(_ token: String) async -> Bool {
        (try? await AccessToken(verifying: token, by: verifier)) != nil
    }

    private func isTaken(header: String) async throws -> Bool { await isTaken(try signed(header, payload())) }

    private func isTaken(_ change: (inout [String: Any]) -> Void) async throws -> Bool {
        await isTaken(try signed(header, payload(change)))
    }

    @Test func whatTheOthersAreMadeOfIsTaken() async throws {
        #expect(try await isTaken { _ in })
    }

    // MARK: The header

    @Test(arguments: ["none", "None", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""])
    func anotherAlgorithmIsRefused(algorithm: String) async throws {
        #expect(try await !isTaken(header: #"{"alg":"\#(algorithm)","typ":"at+jwt","kid":"k1"}"#))
    }

    @Test func noneWithoutASignatureIsRefused() async throws {
        let token = input(#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#, try payload())
        for unsigned in [token, token + ".", token + ".AA"] { #expect(await !isTaken(unsigned)) }
    }

    @Test func hs256WithThePublicKeyAsItsSecretIsRefused() async throws {
        let input = input(#"{"alg":"HS256","typ":"at+jwt","kid":"k1"}"#, try payload())
        let publicKey = try key.publicKey.rawRepresentation
        for secret in [Data(publicKey), Data(Base64URL.encode(Array(publicKey)).utf8)] {
            let code = HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: SymmetricKey(data: secret))
            #expect(await !isTaken(input + "." + Base64URL.encode(Array(code))))
        }
    }

    @Test(arguments: ["JWT", "parley-service+jwt", "AT+JWT", "application/at+jwt", "dpop+jwt", ""])
    func anotherTypeIsRefused(type: String) async throws {
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"\#(type)","kid":"k1"}"#))
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","kid":"k1"}"#))
    }

    @Test(arguments: [
        "k2", "K1", "", "../../../etc/passwd", "k1' OR '1'='1", "http://evil.example/jwks.json", "k1\\u0000", "k1 ",
    ])
    func anUnknownOrHostileKeyIDIsRefused(id: String) async throws {
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"at+jwt","kid":"\#(id)"}"#))
    }

    @Test func aHeaderWithoutKeyIDOrWithAKeyOfItsOwnIsOfNoUse() async throws {
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"at+jwt"}"#))
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"at+jwt","kid":["k1"]}"#))
        let mine = Curve25519.Signing.PrivateKey()
        let x = Base64URL.encode(Array(mine.publicKey.rawRepresentation))
        let jwk = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","jwk":{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}}"#
        let input = input(jwk, try payload())
        #expect(await !isTaken(input + "." + Base64URL.encode(Array(try mine.signature(for: Data(input.utf8))))))
    }

    @Test func criticalExtensionsAreRefused() async throws {
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["exp"]}"#))
    }

    // MARK: The claims

    @Test(arguments: ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"])
    func aTokenWithoutOneOfItsClaimsIsRefused(claim: String) async throws {
        #expect(try await !isTaken { $0[claim] = nil })
        #expect(try await !isTaken { $0[claim] = NSNull() })
    }

    @Test func anotherIssuerIsRefused() async throws {
        for issuer in ["other", "parley-auth ", "PARLEY-AUTH", ""] {
            #expect(try await !isTaken { $0["iss"] = issuer })
        }
    }

    @Test func anotherAudienceIsRefused() async throws {
        for audience in ["other", "message-service", ""] { #expect(try await !isTaken { $0["aud"] = audience }) }
        #expect(try await !isTaken { $0["aud"] = ["parley"] })
        #expect(try await !isTaken { $0["aud"] = ["parley", "other"] })
    }

    @Test func aUserOrSessionThatIsNoIDIsRefused() async throws {
        for claim in ["sub", "sid"] {
            for text in ["root", "", "*", user.description.uppercased()] {
                #expect(try await !isTaken { $0[claim] = text })
            }
        }
    }

    @Test func timesThatAreNoWholeSecondsOrNotNowAreRefused() async throws {
        let now = Int(Date().timeIntervalSince1970)
        let times: [(String, Any)] = [
            ("exp", now), ("exp", now - 1), ("exp", -1), ("exp", Double(now) + 60.5), ("exp", String(now + 60)),
            ("exp", Int64.max), ("nbf", now + 600), ("nbf", -1), ("iat", now + 600), ("iat", Int64.min), ("exp", true),
        ]
        for (claim, time) in times { #expect(try await !isTaken { $0[claim] = time }, "\(claim) \(time)") }
    }

    @Test func aLifeOfMoreThanFifteenMinutesIsRefused() async throws {
        let now = Int(Date().timeIntervalSince1970)
        #expect(try await isTaken { $0["exp"] = now + 900 })
        #expect(try await !isTaken { $0["exp"] = now + 910 })
        #expect(try await !isTaken { $0["iat"] = now - 86_400 })
    }

    @Test func aKeyThatStandsTwiceIsRefused() async throws {
        let twice = try payload().dropLast() + #","sub":"\#(UserID.make())"}"#
        #expect(await !isTaken(try signed(header, String(twice))))
        #expect(try await !isTaken(header: #"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#))
        #expect(try await !isTaken(header: #"{"alg":"EdDSA","typ":"at+jwt","kid":"k2","kid":"k1"}"#))
    }

    // MARK: The spelling

    @Test func moreOrLessThanThreePartsAreRefused() async throws {
        let good = try signed(header, payload())
        let parts = good.split(separator: ".")
        for token in [
            good + ".", good + "." + parts[2], "." + good, parts[0] + "." + parts[1], "..", ".", "", String(parts[0]),
        ] { #expect(await !isTaken(token)) }
    }

    @Test func paddingSpacesAndAnotherAlphabetAreRefused() async throws {
        let good = try signed(header, payload())
        let parts = good.split(separator: ".").map(String.init)
        #expect(await !isTaken(good + "="))
        #expect(await !isTaken(parts[0] + "=." + parts[1] + "." + parts[2]))
        #expect(await !isTaken(parts[0] + "." + parts[1] + "==." + parts[2]))
        for token in [" " + good, good + " ", good + "\n", good + "\0", good + "+/"] { #expect(await !isTaken(token)) }
    }

    @Test func aSignatureThatIsCutChangedOrWrittenAnotherWayIsRefused() async throws {
        let good = try signed(header, payload())
        let parts = good.split(separator: ".").map(String.init)
        let start = parts[0] + "." + parts[1] + "."
        let flipped = (parts[2].first == "A" ? "B" : "A") + parts[2].dropFirst()
        // The last of 86 letters holds 2 bits: another letter with the same ones spells the same signature.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(parts[2].last.flatMap { alphabet.firstIndex(of: $0) })
        let respelled = parts[2].dropLast() + String(alphabet[last ^ 1])
        for signature in [flipped, String(parts[2].dropLast(4)), String(respelled), ""] {
            #expect(await !isTaken(start + signature))
        }
    }

    @Test func aTokenOfFiveThousandBytesIsRefusedUnread() async throws {
        #expect(try await !isTaken { $0["jti"] = String(repeating: "x", count: 5000) })
    }
}

@Suite("Tokens in another's place") struct MisplacedTokenTests {
    private let secret = Array(repeating: UInt8(7), count: 32)

    @Test func anAccessTokenIsNoServiceTokenAndTheOtherWayRound() async throws {
        let secret = try #require(DeploymentSecret(secret))
        let key = secret.signingKey(of: "realtime-gateway")
        let access = AccessToken.verifier()
        await access.replaceKeys([key.verificationKey])  // even if the keys were mixed up
        let service = await ServiceTokenVerifier(
            callee: "message-service", callers: ["realtime-gateway"], secret: secret)
        let claims = AccessToken.claims(user: .make(), session: .make(), now: .now, lifetime: .seconds(60))
        let accessToken = try await TokenSigner(key: key, type: AccessToken.type).sign(claims)
        let serviceToken = try await ServiceTokenIssuer(caller: "realtime-gateway", secret: secret)
            .token(for: "message-service")
        _ = try await AccessToken(verifying: accessToken, by: access)
        _ = try await service.verify(serviceToken)
        await #expect(throws: TokenError.wrongHeader) { try await service.verify(accessToken) }
        await #expect(throws: TokenError.wrongHeader) { try await AccessToken(verifying: serviceToken, by: access) }
    }

    @Test func aServiceTokenOfMoreThanAMinuteIsRefused() async throws {
        let secret = try #require(DeploymentSecret(secret))
        let verifier = await ServiceTokenVerifier(callee: "b", callers: ["a"], secret: secret)
        let now = Timestamp.now.milliseconds / 1000
        for (life, isTaken) in [(60, true), (61, false), (86_400, false)] as [(Int64, Bool)] {
            let claims = TokenClaims(
                iss: "a", aud: "b", sub: "a", sid: nil, iat: now, nbf: now, exp: now + life, jti: "x\(life)")
            let token = try await TokenSigner(key: secret.signingKey(of: "a"), type: ServiceToken.type).sign(claims)
            #expect(((try? await verifier.verify(token)) != nil) == isTaken)
        }
    }

    @Test func aServiceTokenInAnothersNameIsRefused() async throws {
        let secret = try #require(DeploymentSecret(secret))
        let verifier = await ServiceTokenVerifier(callee: "b", callers: ["a", "c"], secret: secret)
        let now = Timestamp.now.milliseconds / 1000
        let claims = TokenClaims(iss: "c", aud: "b", sub: "c", sid: nil, iat: now, nbf: now, exp: now + 60, jti: "x")
        let token = try await TokenSigner(key: secret.signingKey(of: "a"), type: ServiceToken.type).sign(claims)
        await #expect(throws: TokenError.wrongClaims) { try await verifier.verify(token) }
    }
}
