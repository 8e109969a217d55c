import ChatProtocol
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

    @Test("says who and in which session")
    func roundTrip() async throws {
        let access = try await AccessToken(verifying: try await token(), by: verifier)
        #expect(access.user == user)
        #expect(access.session == session)
    }

    @Test("is refused when it has run out")
    func expiry() async throws {
        let old = try await token(lifetime: .seconds(5), issued: Timestamp.now.advanced(by: .seconds(-10)))
        await #expect(throws: TokenError.expired) { try await AccessToken(verifying: old, by: verifier) }
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
