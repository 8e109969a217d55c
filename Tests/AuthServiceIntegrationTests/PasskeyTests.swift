import ChatProtocol
import Postgres
import ServiceKit
import StrictJSON
import Support
import Testing
import Tokens
import WebAuthn

@testable import AuthService

@Suite("Passkeys", .enabled(if: TestEnvironment.databaseURL != nil)) struct PasskeyTests {
    @Test func aPasskeyOpensASessionWithoutNameOrPassword() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            var phone = AuthWorld.authenticator()
            let passkey = try await world.enrol(phone, of: ada)
            #expect(passkey.name == "my phone")
            phone.signCount = 1
            phone.userHandle = ada.user.id.bytes
            let signedIn = try await world.signIn(phone)
            #expect(signedIn.user == ada.user && signedIn.session != ada.session)
            #expect(try await world.isLive(signedIn))
            let listed = try await world.useCases.listFactors(of: ada.user.id).passkeys
            #expect(listed.map(\.id) == [passkey.id] && listed[0].lastUsedAt != nil)
        }
    }

    @Test func aPasskeyOpensTwentySessionsAtOnceAndNoMore() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let bob = try await world.register()
            let phones = [AuthWorld.authenticator(), AuthWorld.authenticator()]
            try await world.enrol(phones[0], of: ada)
            try await world.enrol(phones[1], of: bob)
            for _ in 0..<20 { _ = try await world.signIn(phones[0]) }
            #expect(await code { try await world.signIn(phones[0]) } == .rateLimited)
            _ = try await world.signIn(phones[1])
        }
    }

    @Test func aPasskeyIsTheSecondFactorOfAPassword() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            var phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            let challenge = try await world.challenge(ada)
            #expect(challenge.methods == [.passkey] && challenge.passkeys.map(\.credentialID) == [phone.credentialID])
            // As a second factor it need not ask who is there.
            phone.flags = 0x01
            let wrong = try phone.assertion([1, 2, 3])
            #expect(await code { try await world.answer(challenge, credential: wrong) } == .unauthenticated)
            let right = try phone.assertion(challenge.token.passkeyChallenge)
            _ = try await world.answer(challenge, credential: right)
            #expect(await code { try await world.answer(challenge, credential: right) } == .unauthenticated)
            let codes = try await world.useCases.replaceRecoveryCodes(
                AuthWorld.confirmed(), by: world.access(ada), from: AuthWorld.home)
            _ = try await world.answer(world.challenge(ada), recovery: codes.codes[0].text)
        }
    }

    @Test func withoutVerificationAPasskeyIsNotBothFactors() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            var phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            phone.flags = 0x01
            #expect(await code { try await world.signIn(phone) } == .unauthenticated)
            phone.flags = 0x05
            _ = try await world.signIn(phone)
        }
    }

    @Test func aChallengeIsGoodOnce() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            let challenge = PasskeyChallenge(for: .signIn, key: PasskeyChallengeKey(world.secret))
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<6 { group.addTask { await code { try await world.signIn(phone, challenge) } } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == .unauthenticated } == 5)
        }
    }

    @Test func aChallengeIsOfOneDeploymentOneTimeAndOnePurpose() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            let key = PasskeyChallengeKey(world.secret)
            let foreign = try #require(DeploymentSecret([UInt8](repeating: 7, count: 32)))
            let old = PasskeyChallenge(for: .signIn, key: key, now: .now.advanced(by: .seconds(-301)))
            for challenge in [
                old, PasskeyChallenge(for: .enrolment(ada.user.id), key: key),
                PasskeyChallenge(for: .signIn, key: PasskeyChallengeKey(foreign)),
            ] { #expect(await code { try await world.signIn(phone, challenge) } == .unauthenticated) }
            let other = AuthWorld.authenticator()
            for purpose: PasskeyChallenge.Purpose in [.signIn, .enrolment(.make())] {
                let challenge = PasskeyChallenge(for: purpose, key: key)
                #expect(await code { try await world.enrol(other, of: ada, challenge) } == .forbidden)
            }
            for text in ["", "x", old.text + "A", String(repeating: "A", count: 5000)] {
                #expect(PasskeyChallenge(text, for: .signIn, key: key) == nil)
            }
        }
    }

    @Test func aCountThatDoesNotRiseIsRefused() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            var phone = AuthWorld.authenticator()
            phone.signCount = 5
            try await world.enrol(phone, of: ada)
            for (count, outcome) in [(6, nil), (6, .unauthenticated), (4, .unauthenticated), (7, nil)]
                as [(Int, ErrorCode?)]
            {
                phone.signCount = UInt32(count)
                let device = phone
                #expect(await code { try await world.signIn(device) } == outcome)
            }
        }
    }

    @Test func somebodyElsesPasskeyAndAnUnknownOneOpenNothing() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            var (adas, bobs) = (AuthWorld.authenticator(), AuthWorld.authenticator())
            let passkey = try await world.enrol(adas, of: ada)
            try await world.enrol(bobs, of: bob)
            #expect(await code { try await world.signIn(AuthWorld.authenticator()) } == .unauthenticated)
            let challenge = try await world.challenge(ada)
            let wrong = try bobs.assertion(challenge.token.passkeyChallenge)
            #expect(await code { try await world.answer(challenge, credential: wrong) } == .unauthenticated)
            // The right signature under another's name.
            bobs.userHandle = ada.user.id.bytes
            let named = bobs
            #expect(await code { try await world.signIn(named) } == .unauthenticated)
            adas.origin = "https://chat.example.org.evil.test"
            let phished = adas
            #expect(await code { try await world.signIn(phished) } == .unauthenticated)
            for id in [passkey.id, .make()] {
                #expect(await code { try await world.removePasskey(id, of: bob) } == .notFound)
            }
        }
    }

    @Test func aCredentialIsOfOneUserAndAUserHasTwentyAtMost() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            let phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            #expect(await code { try await world.enrol(phone, of: bob) } == .conflict)
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<24 {
                    group.addTask { await code { try await world.enrol(AuthWorld.authenticator(), of: ada) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 19 && outcomes.count { $0 == .conflict } == 5)
        }
    }

    @Test func removingTheLastFactorTakesTheRecoveryCodesAlong() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let passkey = try await world.enrol(AuthWorld.authenticator(), of: ada)
            _ = try await world.protect(ada)
            #expect(try await world.challenge(ada).methods == [.totp, .recoveryCode, .passkey])
            try await world.useCases.removeTOTP(AuthWorld.confirmed(), by: world.access(ada), from: AuthWorld.home)
            #expect(try await world.challenge(ada).methods == [.recoveryCode, .passkey])
            #expect(await code { try await world.removePasskey(passkey.id, of: ada, "not the password") } == .forbidden)
            try await world.removePasskey(passkey.id, of: ada)
            #expect(try await world.useCases.listFactors(of: ada.user.id).recoveryCodesLeft == 0)
            try await world.signIn(ada.user.username)
            let events = try await world.database.query(
                "SELECT event FROM auth.audit_log WHERE user_id = \(ada.user.id) AND event LIKE 'factor%' ORDER BY id")
            #expect(
                try events.map { try $0.get(0, as: String.self) }
                    == ["factor_added", "factor_added", "factor_removed", "factor_removed"])
        }
    }

    @Test func aDeletedAccountTakesItsPasskeysAlong() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = AuthWorld.authenticator()
            try await world.enrol(phone, of: ada)
            try await world.delete(ada)
            #expect(try await world.database.query("SELECT 1 FROM auth.passkeys").isEmpty)
            #expect(await code { try await world.signIn(phone) } == .unauthenticated)
        }
    }

    @Test(arguments: ["", "   ", "a\\u0007b", String(repeating: "x", count: 65)])
    func aPasskeyHasALegibleName(_ name: String) async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            #expect(await code { try await world.enrol(AuthWorld.authenticator(), of: ada, name: name) } == .badRequest)
        }
    }
}

extension AuthWorld {
    static func authenticator() -> SoftwareAuthenticator {
        SoftwareAuthenticator(domain: "chat.example.org", origin: "https://chat.example.org")
    }

    @discardableResult
    func enrol(
        _ authenticator: SoftwareAuthenticator, of signedIn: SignedIn, _ challenge: PasskeyChallenge? = nil,
        name: String = "my phone"
    ) async throws -> Passkey {
        let options = try await useCases.enrolPasskey.options(
            Self.confirmed(), by: access(signedIn), at: Self.site, from: Self.home)
        let challenge = challenge ?? options.challenge
        let body = #"""
            {"challenge":"\#(challenge.text)","name":"\#(name)","credential":\#(authenticator.registration(challenge.bytes))}
            """#
        return try await useCases.enrolPasskey(
            EnrolPasskeyRequest(parsing: Array(body.utf8)), by: access(signedIn), at: Self.site, from: Self.home)
    }

    @discardableResult
    func signIn(_ authenticator: SoftwareAuthenticator, _ challenge: PasskeyChallenge? = nil) async throws -> SignedIn {
        let challenge = challenge ?? useCases.signInWithPasskey.options(at: Self.site).challenge
        let body = #"{"challenge":"\#(challenge.text)","credential":\#(try authenticator.assertion(challenge.bytes))}"#
        return try await useCases.signInWithPasskey(
            PasskeySignInRequest(parsing: Array(body.utf8)), at: Self.site, from: Self.home)
    }

    func answer(_ challenge: FactorChallenge, credential: String) async throws -> SignedIn {
        let body = #"{"challenge":"\#(challenge.token.text)","credential":\#(credential)}"#
        return try await useCases.answerChallenge(
            AnswerChallengeRequest(parsing: Array(body.utf8)), at: Self.site, from: Self.home)
    }

    func removePasskey(_ id: Passkey.ID, of signedIn: SignedIn, _ password: String = password) async throws {
        try await useCases.removePasskey(id, Self.confirmed(password), by: access(signedIn), from: Self.home)
    }
}
