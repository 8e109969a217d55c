package import ChatProtocol
package import JWTKit
import StrictJSON
import Synchronization

/// Why a token was not taken. Said to nobody outside: a client only learns `unauthenticated`.
package enum TokenError: Error, Equatable {
    case malformed
    case wrongHeader
    case unknownKey
    case badSignature
    case wrongClaims
    case expired
}

/// The registered claims of RFC 7519 that Parley's tokens carry, and the session (`sid`, OpenID Connect Front-Channel
/// Logout) of an access token. Times are whole seconds.
package struct TokenClaims: JWTPayload, Equatable {
    package let iss: String
    package let aud: String
    package let sub: String
    package let sid: String?
    package let iat: Int64
    package let nbf: Int64
    package let exp: Int64
    package let jti: String

    /// The rules are in ``TokenRules``, which also sees the header and the raw text.
    package func verify(using algorithm: some JWTAlgorithm) throws {}
}

/// What every token must be besides correctly signed: compact JWS (RFC 7515) of three canonical base64url parts,
/// EdDSA (RFC 8037) and nothing else (RFC 8725, section 3.1), of the expected `typ` (section 3.11), by a known key.
enum TokenRules {
    /// Bytes of a token at most.
    static let bytesMax = 4096

    /// Whether a text is short and plain enough to be looked at, or looked for, at all.
    static func isPlausible(_ token: String) -> Bool {
        token.utf8.count <= bytesMax && token.utf8.allSatisfy { $0 < 0x80 }
    }
    /// How far the clocks of two machines may differ.
    static let clockSkew: Duration = .seconds(5)

    /// Checks shape and header, which are read only to choose the key.
    /// - Returns: the `kid` and the bytes of the payload, which must not be used before the signature holds.
    static func header(
        of token: String, type: String
    ) throws(TokenError) -> (keyID: String, unverifiedPayload: [UInt8]) {
        guard isPlausible(token) else { throw .malformed }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            Base64URL.decode(parts[2]) != nil
        else { throw .malformed }
        guard let fields = try? JSONDocument(parsing: header).root, fields["alg"]?.string == "EdDSA",
            fields["typ"]?.string == type, fields["crit"] == nil, let keyID = fields["kid"]?.string
        else { throw .wrongHeader }
        return (keyID, payload)
    }

    /// Checks the claims of a payload whose signature holds: no duplicate keys, the right issuer and audience, all
    /// times there and right, and no longer life than tokens of its type are given.
    /// - Returns: when the token expires.
    static func check(
        _ claims: TokenClaims, payload: [UInt8], issuer: String, audience: String, lifetimeMax: Duration,
        now: Timestamp
    ) throws(TokenError) -> Timestamp {
        guard let strict = try? JSONDocument(parsing: payload).root, strict["exp"]?.integer == claims.exp,
            strict["iat"]?.integer == claims.iat, strict["nbf"]?.integer == claims.nbf
        else { throw .malformed }
        guard claims.iss == issuer, claims.aud == audience else { throw .wrongClaims }
        let farthest: Int64 = 253_402_300_799  // the end of the year 9999
        guard (0...farthest).contains(claims.exp), (0...farthest).contains(claims.iat),
            (0...farthest).contains(claims.nbf), claims.exp - claims.iat <= lifetimeMax.milliseconds / 1000
        else { throw .wrongClaims }
        let latestStart = now.milliseconds + clockSkew.milliseconds
        guard claims.iat * 1000 <= latestStart, claims.nbf * 1000 <= latestStart else { throw .wrongClaims }
        let expires = Timestamp(milliseconds: claims.exp * 1000)
        guard expires > now else { throw .expired }
        return expires
    }
}

/// Signs tokens of one type with one key.
package struct TokenSigner: Sendable {
    private let keys: JWTKeyCollection
    private let keyID: String
    private let type: String

    package init(key: SigningKey, type: String) async {
        keys = await JWTKeyCollection().add(eddsa: key.key, kid: JWKIdentifier(string: key.id))
        keyID = key.id
        self.type = type
    }

    package func sign(_ claims: TokenClaims) async throws -> String {
        var header = JWTHeader()
        header.typ = type
        return try await keys.sign(claims, kid: JWKIdentifier(string: keyID), header: header)
    }
}

/// Verifies tokens of one type. Its keys can be replaced at any time.
package final class TokenVerifier: Sendable {
    private struct Keys {
        var collection: JWTKeyCollection?
        var ids: Set<String> = []
    }

    private let type: String
    private let issuer: String?
    private let audience: String
    private let lifetimeMax: Duration
    private let keys = Mutex(Keys())

    /// - Parameters:
    ///   - issuer: the one issuer; nil where it is the `kid` itself, as with the services' own keys.
    ///   - lifetimeMax: from `iat` to `exp`. Who stole a key cannot make tokens that outlive its withdrawal by more.
    package init(type: String, issuer: String?, audience: String, lifetimeMax: Duration) {
        self.type = type
        self.issuer = issuer
        self.audience = audience
        self.lifetimeMax = lifetimeMax
    }

    package var hasKeys: Bool { keys.withLock { !$0.ids.isEmpty } }

    package func replaceKeys(_ fresh: [VerificationKey]) async {
        let collection = JWTKeyCollection()
        for key in fresh { await collection.add(eddsa: key.key, kid: JWKIdentifier(string: key.id)) }
        keys.withLock { $0 = Keys(collection: collection, ids: Set(fresh.map(\.id))) }
    }

    /// - Returns: the claims, all rules held, and when they run out.
    package func verify(
        _ token: String, now: Timestamp = .now
    ) async throws(TokenError) -> (claims: TokenClaims, expires: Timestamp) {
        let (keyID, payload) = try TokenRules.header(of: token, type: type)
        let known = keys.withLock { $0.ids.contains(keyID) ? $0.collection : nil }
        guard let known else { throw .unknownKey }
        guard let claims = try? await known.verify(token, as: TokenClaims.self) else { throw .badSignature }
        let expires = try TokenRules.check(
            claims, payload: payload, issuer: issuer ?? keyID, audience: audience, lifetimeMax: lifetimeMax, now: now)
        return (claims, expires)
    }
}
