import ChatProtocol
import Synchronization

/// The tokens by which services know one another: `iss` is the caller, `aud` the service called, short-lived, signed
/// with the caller's key from the ``DeploymentSecret``.
package enum ServiceToken {
    package static let type = "parley-service+jwt"
    static let lifetime: Duration = .seconds(60)
}

/// Makes the tokens of one caller and keeps each until half of its life is over.
package final class ServiceTokenIssuer: Sendable {
    private let caller: String
    private let key: SigningKey
    private let issued = Mutex<[String: (token: String, refreshAt: Timestamp)]>([:])

    package init(caller: String, secret: DeploymentSecret) {
        self.caller = caller
        key = secret.signingKey(of: caller)
    }

    /// The token for calls to `callee`. Two who ask for a new one at the same time may get two, which does no harm.
    package func token(for callee: String) async throws -> String {
        let now = Timestamp.now
        if let known = issued.withLock({ $0[callee] }), known.refreshAt > now { return known.token }
        let seconds = now.milliseconds / 1000
        let token = try await TokenSigner(key: key, type: ServiceToken.type).sign(
            TokenClaims(
                iss: caller, aud: callee, sub: caller, sid: nil, iat: seconds, nbf: seconds,
                exp: seconds + ServiceToken.lifetime.milliseconds / 1000,
                jti: Identifier<TokenClaims>.make().description))
        issued.withLock { $0[callee] = (token, now.advanced(by: ServiceToken.lifetime / 2)) }
        return token
    }
}

/// Checks the tokens of those who call this service. A token that was verified once is remembered until it expires.
package final class ServiceTokenVerifier: Sendable {
    /// Tokens that are remembered at a time.
    private static let rememberedMax = 1024

    private let verifier: TokenVerifier
    private let remembered = Mutex<[String: (caller: String, expires: Timestamp)]>([:])

    /// - Parameter callers: the services whose tokens are taken at all; each route narrows it.
    package init(callee: String, callers: [String], secret: DeploymentSecret) async {
        verifier = TokenVerifier(
            type: ServiceToken.type, issuer: nil, audience: callee, lifetimeMax: ServiceToken.lifetime)
        await verifier.replaceKeys(callers.map { secret.signingKey(of: $0).verificationKey })
    }

    /// The caller of a token that was verified before and is in date.
    package func remembered(_ token: String) -> String? {
        remembered.withLock { $0[token] }.flatMap { $0.expires > .now ? $0.caller : nil }
    }

    /// - Returns: the name of the caller.
    package func verify(_ token: String) async throws(TokenError) -> String {
        if let caller = remembered(token) { return caller }
        let now = Timestamp.now
        let (claims, expires) = try await verifier.verify(token, now: now)
        remembered.withLock { remembered in
            if remembered.count >= Self.rememberedMax { remembered = remembered.filter { $0.value.expires > now } }
            if remembered.count < Self.rememberedMax { remembered[token] = (claims.iss, expires) }
        }
        return claims.iss
    }
}
