import Crypto
import StrictJSON
import Support
import Testing
import Tokens
import WebAuthn

@Suite("What a browser brings") struct RelyingPartyTests {
    private static let site = RelyingParty(id: "example.org", origins: ["https://chat.example.org"])
    private static let challenge = (0..<32).map { UInt8($0) }

    private static func authenticator(_ algorithm: PasskeyPublicKey.Algorithm = .es256) -> SoftwareAuthenticator {
        SoftwareAuthenticator(
            key: algorithm == .es256 ? .es256(.init()) : .edDSA(.init()), domain: "example.org",
            origin: "https://chat.example.org")
    }

    private func register(_ authenticator: SoftwareAuthenticator, type: String = "webauthn.create") throws
        -> RelyingParty.Registration
    {
        let response = try RegistrationResponse(
            parsing: Array(authenticator.registration(Self.challenge, type: type).utf8))
        return try Self.site.register(response, challenge: Self.challenge)
    }

    private func verify(
        _ authenticator: SoftwareAuthenticator, by key: PasskeyPublicKey, userVerified: Bool = true,
        type: String = "webauthn.get"
    ) throws -> UInt32 {
        let response = try AssertionResponse(parsing: Array(authenticator.assertion(Self.challenge, type: type).utf8))
        return try Self.site.verify(response, challenge: Self.challenge, key: key, userVerified: userVerified)
    }

    @Test(arguments: PasskeyPublicKey.Algorithm.allCases)
    func aCredentialIsMadeAndThenProvesItself(_ algorithm: PasskeyPublicKey.Algorithm) throws {
        var authenticator = Self.authenticator(algorithm)
        authenticator.signCount = 7
        let made = try register(authenticator)
        #expect(made.credentialID == authenticator.credentialID && made.signCount == 7)
        #expect(made.publicKey.algorithm == algorithm)
        authenticator.signCount = 9
        #expect(try verify(authenticator, by: made.publicKey) == 9)
        let stored = try #require(PasskeyPublicKey(algorithm: algorithm, bytes: made.publicKey.bytes))
        #expect(try verify(authenticator, by: stored) == 9)
        #expect(throws: RelyingParty.Refusal.signature) {
            try verify(authenticator, by: register(Self.authenticator(algorithm)).publicKey)
        }
    }

    @Test(arguments: [
        "http://chat.example.org", "https://chat.example.org:8443", "https://chat.example.org/", "https://example.org",
        "https://chat.example.org.evil.test", "https://CHAT.example.org", "null", "",
    ])
    func onlyTheExactOriginIsTaken(_ origin: String) throws {
        var authenticator = Self.authenticator()
        let key = try register(authenticator).publicKey
        authenticator.origin = origin
        #expect(throws: RelyingParty.Refusal.origin) { try register(authenticator) }
        #expect(throws: RelyingParty.Refusal.origin) { try verify(authenticator, by: key) }
    }

    @Test func aFrameInAnotherSiteIsRefused() throws {
        var authenticator = Self.authenticator()
        authenticator.crossOrigin = "true"
        #expect(throws: RelyingParty.Refusal.origin) { try register(authenticator) }
    }

    @Test func anotherChallengeOrCeremonyIsRefused() throws {
        let authenticator = Self.authenticator()
        let key = try register(authenticator).publicKey
        #expect(throws: RelyingParty.Refusal.ceremony) { try register(authenticator, type: "webauthn.get") }
        #expect(throws: RelyingParty.Refusal.ceremony) { try verify(authenticator, by: key, type: "webauthn.create") }
        let other = try AssertionResponse(parsing: Array(authenticator.assertion([1, 2, 3]).utf8))
        #expect(throws: RelyingParty.Refusal.challenge) {
            try Self.site.verify(other, challenge: Self.challenge, key: key, userVerified: false)
        }
    }

    @Test func aCredentialOfAnotherDomainIsRefused() throws {
        var authenticator = Self.authenticator()
        let key = try register(authenticator).publicKey
        for domain in ["chat.example.org", "org", "example.org.", ""] {
            authenticator.domain = domain
            #expect(throws: RelyingParty.Refusal.relyingParty) { try register(authenticator) }
            #expect(throws: RelyingParty.Refusal.relyingParty) { try verify(authenticator, by: key) }
        }
    }

    @Test func somebodyMustBeThereAndBeVerifiedWhereThatIsAsked() throws {
        var authenticator = Self.authenticator()
        let key = try register(authenticator).publicKey
        authenticator.flags = 0x01
        #expect(try verify(authenticator, by: key, userVerified: false) == 0)
        #expect(throws: RelyingParty.Refusal.userNotVerified) { try verify(authenticator, by: key) }
        authenticator.flags = 0x04
        #expect(throws: RelyingParty.Refusal.userNotPresent) { try verify(authenticator, by: key) }
        #expect(throws: RelyingParty.Refusal.userNotPresent) { try register(authenticator) }
    }

    @Test(arguments: PasskeyPublicKey.Algorithm.allCases)
    func nothingThatWasSignedCanBeChanged(_ algorithm: PasskeyPublicKey.Algorithm) throws {
        let authenticator = Self.authenticator(algorithm)
        let key = try register(authenticator).publicKey
        let (client, data) = (authenticator.clientData("webauthn.get", [1]), authenticator.authenticatorData())
        let message = data + SHA256.hash(data: client)
        let signature = try authenticator.signature(of: message)
        #expect(key.isValid(signature, for: message))
        for place in message.indices {
            var changed = message
            changed[place] ^= 1
            #expect(!key.isValid(signature, for: changed))
        }
        let wrongs: [[UInt8]] = [
            [], [0], signature + [0], Array(signature.dropLast()), [UInt8](repeating: 0, count: 64),
        ]
        for wrong in wrongs {
            #expect(!key.isValid(wrong, for: message))
        }
    }

    @Test func otherAttestationsAreNotLookedAtAndNoneHasNoStatement() throws {
        var authenticator = Self.authenticator()
        authenticator.attestation = ("packed", [0xA1] + SoftwareAuthenticator.text("sig") + [0x41, 0x00])
        _ = try register(authenticator)
        authenticator.attestation = ("none", [0xA1] + SoftwareAuthenticator.text("sig") + [0x41, 0x00])
        #expect(throws: RelyingParty.Refusal.attestation) { try register(authenticator) }
        authenticator.attestation = ("none", [0x80])
        #expect(throws: RelyingParty.Refusal.attestation) { try register(authenticator) }
    }

    @Test func keysOfOtherKindsAreRefused() throws {
        var authenticator = Self.authenticator()
        let point = authenticator.cose
        // RS256; the algorithm of one with the key of another; a point that is not on the curve; a key that is too short.
        let rsa: [UInt8] = [0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x41, 0x01, 0x21, 0x43, 0x01, 0x00, 0x01]
        var mixed = point
        mixed[4] = 0x27
        var off = point
        off[off.count - 1] ^= 1
        let short: [UInt8] = [0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x41, 0x01]
        for key in [rsa, mixed, off, short, [0xA0], [0x00]] {
            authenticator.publicKey = key
            #expect(throws: RelyingParty.Refusal.publicKey) { try register(authenticator) }
        }
    }

    @Test func nothingMayStandBehindTheDataOrInThePlaceOfIt() throws {
        let authenticator = Self.authenticator()
        let (plain, attested) = (authenticator.authenticatorData(), authenticator.authenticatorData(attested: true))
        #expect(AuthenticatorData(plain)?.attested == nil && AuthenticatorData(plain) != nil)
        #expect(AuthenticatorData(attested)?.attested?.credentialID == authenticator.credentialID)
        #expect(AuthenticatorData(plain + [0]) == nil && AuthenticatorData(attested + [0]) == nil)
        for count in attested.indices { #expect(AuthenticatorData(Array(attested[..<count])) == nil) }
        var extended = plain
        extended[32] |= 0x80
        #expect(AuthenticatorData(extended) == nil && AuthenticatorData(extended + [0xA0]) != nil)
        #expect(AuthenticatorData(extended + [0x80]) == nil)
        // Backed up, though it cannot be.
        var backup = plain
        backup[32] |= 0x10
        #expect(AuthenticatorData(backup) == nil)
    }

    @Test func theCredentialIsTheOneThatItSaysItIs() throws {
        let authenticator = Self.authenticator()
        let text = authenticator.registration(Self.challenge)
        let id = try #require(text.firstRange(of: #"{"id":""#))
        let end = try #require(text[id.upperBound...].firstIndex(of: "\""))
        let forged = text[..<id.upperBound] + "AQID" + text[end...]
        let response = try RegistrationResponse(parsing: Array(forged.utf8))
        #expect(throws: RelyingParty.Refusal.attestation) {
            try Self.site.register(response, challenge: Self.challenge)
        }
    }

    @Test(
        arguments: [(0, 0, true), (1, 0, true), (6, 5, true), (5, 5, false), (4, 5, false), (0, 5, false)]
            as [(UInt32, UInt32, Bool)])
    func aCountThatDoesNotRiseIsThatOfACopy(count: UInt32, last: UInt32, isPlausible: Bool) {
        #expect(RelyingParty.isPlausible(signCount: count, after: last) == isPlausible)
    }

    @Test(arguments: [
        "{}", "[]", #"{"id":"AQID","type":"public-key"}"#, #"{"id":"","type":"public-key","response":{}}"#,
        #"{"id":"A=","type":"public-key","response":{}}"#, #"{"id":"AQID","type":"password","response":{}}"#,
        #"{"id":"AQID","type":"public-key","response":[]}"#,
        #"{"id":"AQID","type":"public-key","response":{"clientDataJSON":"{","attestationObject":"AQ"}}"#,
        #"{"id":"AQID","type":"public-key","response":{"clientDataJSON":7,"attestationObject":"AQ"}}"#,
    ])
    func whatIsNoResponseIsNotRead(_ text: String) {
        #expect(throws: JSONError.self) { try RegistrationResponse(parsing: Array(text.utf8)) }
        #expect(throws: JSONError.self) { try AssertionResponse(parsing: Array(text.utf8)) }
    }

    @Test(arguments: ["", "[]", "{", "7", #"{"type":"webauthn.create","type":"webauthn.create"}"#, "\u{FEFF}{}"])
    func clientDataIsReadStrictly(_ text: String) throws {
        let authenticator = Self.authenticator()
        let json = #"""
            {"id":"\#(Base64URL.encode(authenticator.credentialID))","type":"public-key","response":{"clientDataJSON":\#
            "\#(Base64URL.encode(Array(text.utf8)))","attestationObject":"\#(Base64URL.encode(authenticator.attestationObject()))"}}
            """#
        let response = try RegistrationResponse(parsing: Array(json.utf8))
        #expect(throws: RelyingParty.Refusal.clientData) { try Self.site.register(response, challenge: Self.challenge) }
    }
}
