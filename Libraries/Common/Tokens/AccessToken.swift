package import ChatProtocol

/// What an access token says: this user, in this session, until then.
package struct AccessToken: Sendable, Equatable {
    package static let type = "at+jwt"  // RFC 9068, section 2.1
    package static let issuer = "parley-auth"
    package static let audience = "parley"
    /// The longest life of one: no other is issued, and no other is taken.
    package static let lifetimeMax: Duration = .seconds(900)

    package let user: UserID
    package let session: SessionID
    package let expires: Timestamp

    package init(user: UserID, session: SessionID, expires: Timestamp) {
        self.user = user
        self.session = session
        self.expires = expires
    }

    /// The claims of a new token.
    package static func claims(
        user: UserID, session: SessionID, now: Timestamp, lifetime: Duration
    ) -> TokenClaims {
        let seconds = now.milliseconds / 1000
        return TokenClaims(
            iss: issuer, aud: audience, sub: user.description, sid: session.description, iat: seconds, nbf: seconds,
            exp: seconds + lifetime.milliseconds / 1000, jti: Identifier<TokenClaims>.make().description)
    }

    /// Whether a text is worth looking for among tokens that are known.
    package static func isPlausible(_ text: String) -> Bool { TokenRules.isPlausible(text) }

    package static func verifier() -> TokenVerifier {
        TokenVerifier(type: type, issuer: issuer, audience: audience, lifetimeMax: lifetimeMax)
    }

    /// Verifies a token and reads it.
    package init(verifying token: String, by verifier: TokenVerifier) async throws(TokenError) {
        let (claims, expires) = try await verifier.verify(token)
        guard let user = UserID(claims.sub), let session = claims.sid.flatMap({ SessionID($0) }) else {
            throw .wrongClaims
        }
        self.init(user: user, session: session, expires: expires)
    }
}
