import ChatProtocol
import Postgres
import ServiceKit
import StrictJSON
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Second factors", .enabled(if: TestEnvironment.databaseURL != nil)) struct SecondFactorTests {
    @Test func anOfferedSecretChangesNothingUntilACodeConfirmsIt() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let secret = try await world.offer(ada)
            try await world.signIn(ada.user.username)
            #expect(await code { try await world.confirm(ada, "000000") } == .forbidden)
            #expect(try await world.useCases.listFactors(of: ada.user.id).totpSince == nil)
            // A second offer takes the first one's place.
            let second = try await world.offer(ada)
            #expect(await code { try await world.confirm(ada, world.appCode(secret)) } == .forbidden)
            _ = try await world.confirm(ada, world.appCode(second))
            #expect(await code { try await world.signIn(ada.user.username) } == .factorRequired)
            #expect(await code { try await world.offer(ada) } == .conflict)
        }
    }

    @Test func aSignInNeedsPasswordAndCode() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (secret, _) = try await world.protect(ada)
            let challenge = try await world.challenge(ada)
            #expect(challenge.methods == [.totp, .recoveryCode])
            #expect(await code { try await world.answer(challenge, code: "000000") } == .unauthenticated)
            let signedIn = try await world.answer(challenge, code: world.appCode(secret, steps: 1))
            #expect(signedIn.user == ada.user && signedIn.session != ada.session)
            #expect(try await world.isLive(signedIn))
        }
    }

    @Test func aCodeIsAcceptedOnce() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (secret, _) = try await world.protect(ada)
            let right = world.appCode(secret, steps: 1)
            let challenges = try await [world.challenge(ada), world.challenge(ada), world.challenge(ada)]
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for challenge in challenges {
                    group.addTask { await code { try await world.answer(challenge, code: right) } }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == .unauthenticated } == 2)
            #expect(await code { try await world.answer(world.challenge(ada), code: right) } == .unauthenticated)
            // Nor the one that confirmed the app.
            #expect(
                await code { try await world.answer(world.challenge(ada), code: world.appCode(secret)) }
                    == .unauthenticated)
        }
    }

    @Test func aChallengeOpensOneSessionAndBearsFiveTries() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (_, codes) = try await world.protect(ada)
            let used = try await world.challenge(ada)
            _ = try await world.answer(used, recovery: codes[0].text)
            #expect(await code { try await world.answer(used, recovery: codes[1].text) } == .unauthenticated)

            let tried = try await world.challenge(ada)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        #expect(await code { try await world.answer(tried, code: "000000") } == .unauthenticated)
                    }
                }
            }
            #expect(await code { try await world.answer(tried, recovery: codes[1].text) } == .unauthenticated)
            // The code was not spent on a challenge that was over.
            _ = try await world.answer(world.challenge(ada), recovery: codes[1].text)
        }
    }

    @Test func aChallengeEndsWithItsTimeAndWithThePassword() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (_, codes) = try await world.protect(ada)
            let old = try await world.challenge(ada)
            _ = try await world.database.query("UPDATE auth.factor_challenges SET expires_at = now()")
            #expect(await code { try await world.answer(old, recovery: codes[0].text) } == .unauthenticated)
            try await world.useCases.challenges.removeOld()
            #expect(try await world.database.query("SELECT 1 FROM auth.factor_challenges").isEmpty)

            let before = try await world.challenge(ada)
            try await world.changePassword(ada, to: "another staple 28")
            #expect(await code { try await world.answer(before, recovery: codes[0].text) } == .unauthenticated)
        }
    }

    @Test func aChallengeIsOfOneUser() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            _ = try await world.protect(ada)
            let (secret, codes) = try await world.protect(bob)
            let challenge = try await world.challenge(ada)
            #expect(await code { try await world.answer(challenge, recovery: codes[0].text) } == .unauthenticated)
            #expect(
                await code { try await world.answer(challenge, code: world.appCode(secret, steps: 1)) }
                    == .unauthenticated)
            #expect(await code { try await world.answer(token: "x", recovery: codes[0].text) } == .unauthenticated)
            let made = ChallengeToken().text
            #expect(await code { try await world.answer(token: made, recovery: codes[0].text) } == .unauthenticated)
        }
    }

    @Test func aRecoveryCodeIsGoodOnceAndReplacedCodesAreWorthNothing() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (_, codes) = try await world.protect(ada)
            _ = try await world.answer(world.challenge(ada), recovery: codes[0].text)
            #expect(try await world.useCases.listFactors(of: ada.user.id).recoveryCodesLeft == 9)
            #expect(
                await code { try await world.answer(world.challenge(ada), recovery: codes[0].text) } == .unauthenticated
            )
            let fresh = try await world.useCases.replaceRecoveryCodes(
                AuthWorld.confirmed(), by: world.access(ada), from: AuthWorld.home)
            #expect(
                await code { try await world.answer(world.challenge(ada), recovery: codes[1].text) } == .unauthenticated
            )
            _ = try await world.answer(world.challenge(ada), recovery: fresh.codes[9].text)
        }
    }

    @Test func everyChangeNeedsThePassword() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (token, home) = (world.access(ada), AuthWorld.home)
            let wrong = try AuthWorld.confirmed("not the password")
            #expect(await code { try await world.useCases.offerTOTP(wrong, by: token, from: home) } == .forbidden)
            _ = try await world.protect(ada)
            #expect(await code { try await world.useCases.removeTOTP(wrong, by: token, from: home) } == .forbidden)
            #expect(
                await code { try await world.useCases.replaceRecoveryCodes(wrong, by: token, from: home) } == .forbidden
            )
            #expect(await code { try await world.signIn(ada.user.username) } == .factorRequired)
            try await world.useCases.removeTOTP(AuthWorld.confirmed(), by: token, from: home)
            try await world.signIn(ada.user.username)
            #expect(try await world.useCases.listFactors(of: ada.user.id).recoveryCodesLeft == 0)
            #expect(
                await code {
                    try await world.useCases.replaceRecoveryCodes(AuthWorld.confirmed(), by: token, from: home)
                } == .conflict)
        }
    }

    @Test func aWrongPasswordLooksTheSameWithAFactorAndWithout() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            _ = try await world.protect(ada)
            for name in [ada.user.username, AuthWorld.unique()] {
                await #expect(throws: ParleyError(.unauthenticated, "wrong username or password")) {
                    try await world.signIn(name, "not the password")
                }
            }
            #expect(try await world.database.query("SELECT 1 FROM auth.factor_challenges").isEmpty)
        }
    }

    @Test func wrongCodesAreThrottledFromAllAddressesTogetherAndRecoveryCodesGoOn() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let (secret, codes) = try await world.protect(ada)
            var outcomes: [ErrorCode?] = []
            for number in 0..<12 {
                let challenge = try await world.challenge(ada)
                let address = AddressPrefix("198.51.100.\(number)")
                outcomes.append(await code { try await world.answer(challenge, code: "000000", from: address) })
            }
            #expect(outcomes.prefix(10).allSatisfy { $0 == .unauthenticated })
            #expect(outcomes.suffix(2).allSatisfy { $0 == .rateLimited })
            let challenge = try await world.challenge(ada)
            let right = world.appCode(secret, steps: 1)
            #expect(await code { try await world.answer(challenge, code: right) } == .rateLimited)
            _ = try await world.answer(challenge, recovery: codes[0].text)
        }
    }

    @Test func wrongFactorsFromOneAddressAreThrottledLikePasswords() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            _ = try await world.protect(ada)
            var challenges: [FactorChallenge] = []
            for _ in 0..<3 { challenges.append(try await world.challenge(ada)) }
            for number in 0..<10 {
                let wrong = RecoveryCode().text
                #expect(
                    await code { try await world.answer(challenges[number / 5], recovery: wrong) } == .unauthenticated)
            }
            let wrong = RecoveryCode().text
            #expect(await code { try await world.answer(challenges[2], recovery: wrong) } == .rateLimited)
            // A right password does not forget them.
            #expect(await code { try await world.signIn(ada.user.username) } == .rateLimited)
        }
    }

    @Test func secretsAreSealedCodesHashedAndBothGoWithTheAccount() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (secret, codes) = try await world.protect(ada)
            _ = try await world.challenge(ada)
            let hex = secret.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let tables = ["totp", "recovery_codes", "factor_challenges"]
            for table in tables {
                let rows = try await world.database.query(
                    PostgresQuery(stringLiteral: "SELECT t::text FROM auth.\(table) AS t"))
                #expect(!rows.isEmpty)
                for row in rows {
                    let text = try row.get(0, as: String.self)
                    #expect(!text.contains(hex))
                    for code in codes { #expect(!text.contains(code.text)) }
                }
            }
            try await world.delete(ada)
            for table in tables {
                let count: PostgresQuery = PostgresQuery(stringLiteral: "SELECT 1 FROM auth.\(table)")
                #expect(try await world.database.query(count).isEmpty)
            }
        }
    }

    @Test func everyChangeOfFactorsAndEveryWrongOneIsInTheAuditLog() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (secret, codes) = try await world.protect(ada)
            let challenge = try await world.challenge(ada)
            #expect(await code { try await world.answer(challenge, code: "000000") } == .unauthenticated)
            _ = try await world.answer(challenge, recovery: codes[0].text)
            _ = try await world.answer(world.challenge(ada), code: world.appCode(secret, steps: 1))
            let (token, home) = (world.access(ada), AuthWorld.home)
            _ = try await world.useCases.replaceRecoveryCodes(AuthWorld.confirmed(), by: token, from: home)
            try await world.useCases.removeTOTP(AuthWorld.confirmed(), by: token, from: home)
            // Nothing is removed the second time.
            try await world.useCases.removeTOTP(AuthWorld.confirmed(), by: token, from: home)
            let entries = try await world.database.query(
                "SELECT event, detail FROM auth.audit_log WHERE user_id = \(ada.user.id) ORDER BY id")
            let events = try entries.map { try $0.get(0, as: String.self) }
            #expect(
                events == [
                    "registered", "factor_added", "sign_in_failed", "recovery_code_used", "signed_in", "signed_in",
                    "recovery_codes_replaced", "factor_removed",
                ])
            #expect(try entries[2].get(1) == "wrong second factor")
        }
    }

    @Test func underAnotherDeploymentSecretRecoveryCodesStillOpen() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (secret, codes) = try await world.protect(ada)
            _ = try await world.database.query("UPDATE auth.totp SET sealed_secret = set_byte(sealed_secret, 20, 7)")
            let challenge = try await world.challenge(ada)
            #expect(
                await code { try await world.answer(challenge, code: world.appCode(secret, steps: 1)) }
                    == .unauthenticated)
            _ = try await world.answer(challenge, recovery: codes[0].text)
        }
    }
}

extension AuthWorld {
    static func confirmed(_ password: String = password) throws -> ConfirmedRequest {
        try ConfirmedRequest(parsing: Array(#"{"current_password":"\#(password)"}"#.utf8))
    }

    @discardableResult
    func offer(_ signedIn: SignedIn) async throws -> [UInt8] {
        try await useCases.offerTOTP(Self.confirmed(), by: access(signedIn), from: Self.home).secret
    }

    func confirm(_ signedIn: SignedIn, _ code: String) async throws -> RecoveryCodes {
        try await useCases.confirmTOTP(
            ConfirmTOTPRequest(parsing: Array(#"{"code":"\#(code)"}"#.utf8)), by: access(signedIn), from: Self.home)
    }

    /// Turns an authenticator app on. The code of the next step is still to be used.
    func protect(_ signedIn: SignedIn) async throws -> (secret: [UInt8], codes: [RecoveryCode]) {
        let secret = try await offer(signedIn)
        return (secret, try await confirm(signedIn, appCode(secret)).codes)
    }

    func appCode(_ secret: [UInt8], steps: Int64 = 0) -> String {
        TOTP.code(secret, step: TOTP.step(at: .now) + steps)
    }

    func challenge(_ signedIn: SignedIn) async throws -> FactorChallenge {
        guard case .factorRequired(let challenge) = try await start(signedIn.user.username) else {
            throw ParleyError(.internal, "no second factor was asked for")
        }
        return challenge
    }

    func answer(_ challenge: FactorChallenge, code: String, from address: AddressPrefix = home) async throws -> SignedIn
    {
        try await answer(#"{"challenge":"\#(challenge.token.text)","code":"\#(code)"}"#, address)
    }

    func answer(_ challenge: FactorChallenge, recovery: String, mark: String? = nil) async throws -> SignedIn {
        try await answer(token: challenge.token.text, recovery: recovery, mark: mark)
    }

    func answer(token: String, recovery: String, mark: String? = nil) async throws -> SignedIn {
        try await answer(#"{"challenge":"\#(token)","recovery_code":"\#(recovery)"}"#, Self.home, mark: mark)
    }

    private func answer(_ body: String, _ address: AddressPrefix, mark: String? = nil) async throws -> SignedIn {
        try await useCases.answerChallenge(
            AnswerChallengeRequest(parsing: Array(body.utf8)), at: Self.site, from: address, mark: mark)
    }
}
