import ChatProtocol
import Postgres
import ServiceKit
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Registering and signing in", .enabled(if: TestEnvironment.databaseURL != nil)) struct SignInTests {
    @Test func whoRegistersIsSignedInAndCanSignInAgain() async throws {
        try await AuthWorld.with { world in
            let name = AuthWorld.unique("Ada")
            let first = try await world.register(name, displayName: "Ada L.")
            #expect(first.user.username == name.lowercased() && first.user.displayName == "Ada L.")
            let second = try await world.signIn(name.uppercased())
            #expect(second.user == first.user && second.session != first.session)
            let token = try await world.useCases.verifyAccess(second.accessToken)
            #expect(token.user == first.user.id && token.session == second.session)
        }
    }

    @Test func ofManyWhoWantOneNameAtOnceExactlyOneGetsIt() async throws {
        try await AuthWorld.with { world in
            let name = AuthWorld.unique()
            let codes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<8 { group.addTask { await code { try await world.register(name) } } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.filter { $0 == nil }.count == 1)
            #expect(codes.filter { $0 == .conflict }.count == 7)
        }
    }

    @Test func unknownUserImpossibleNameAndWrongPasswordAreOneAnswer() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            var errors: [ParleyError] = []
            for name in [ada.user.username, AuthWorld.unique("nobody"), "no such name", ""] {
                do { try await world.signIn(name, "not the password") } catch let error as ParleyError {
                    errors.append(error)
                }
            }
            #expect(errors.count == 4 && Set(errors.map(\.description)).count == 1)
            #expect(errors[0].code == .unauthenticated)
        }
    }

    @Test func noPasswordIsInTheTable() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let account = try #require(await world.useCases.accounts.credentials(of: ada.user.id))
            #expect(account.passwordHash.hasPrefix("$argon2id$"))
        }
    }

    @Test func aCheapHashIsReplacedAtTheNextSignIn() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let cheap = try Argon2id.hash(Array(AuthWorld.password.utf8), .bench)
            _ = try await world.database.query(
                "UPDATE auth.users SET password_hash = \(cheap) WHERE id = \(ada.user.id)")
            try await world.signIn(ada.user.username)
            let account = try #require(await world.useCases.accounts.credentials(of: ada.user.id))
            #expect(Argon2Parameters(of: account.passwordHash) == .standard)
            try await world.signIn(ada.user.username)
        }
    }

    @Test func aPasswordIsTheSameHoweverItsAccentsAreTyped() async throws {
        try await AuthWorld.with { world in
            let (composed, decomposed) = ("caf\u{E9} cr\u{E8}me 27", "cafe\u{301} cre\u{300}me 27")
            let ada = try await world.register()
            try await world.changePassword(ada, to: decomposed)
            for typed in [composed, decomposed] { try await world.signIn(ada.user.username, typed) }
            #expect(await code { try await world.signIn(ada.user.username, "cafe creme 27") } == .unauthenticated)
            // As version 0.1.0 kept it: what was typed.
            let old = try Argon2id.hash(Array(decomposed.utf8), .bench)
            _ = try await world.database.query("UPDATE auth.users SET password_hash = \(old)")
            try await world.signIn(ada.user.username, decomposed)
        }
    }

    @Test func theLongestUnusedSessionBeyondTheLimitEnds() async throws {
        try await AuthWorld.with(.standard) { world in
            let first = try await world.register()
            var later: [SignedIn] = []
            for _ in 0..<5 { later.append(try await world.signIn(first.user.username)) }
            #expect(try await !world.isLive(first))
            for session in later { #expect(try await world.isLive(session)) }
        }
    }
}

@Suite("The throttle of sign-ins", .enabled(if: TestEnvironment.databaseURL != nil)) struct SignInThrottleTests {
    private func address(_ number: Int) -> AddressPrefix { AddressPrefix("10.0.\(number / 256).\(number % 256)") }

    @Test func tenFailuresFromOneAddressSlowThatAddressAndNobodyElse() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let attacker = address(1)
            for _ in 0..<10 {
                #expect(
                    await code { try await world.signIn(ada.user.username, "wrong", from: attacker) }
                        == .unauthenticated)
            }
            #expect(await code { try await world.signIn(ada.user.username, "wrong", from: attacker) } == .rateLimited)
            // Not even the right password helps there, or it would be worth going on.
            #expect(await code { try await world.signIn(ada.user.username, from: attacker) } == .rateLimited)
            try await world.signIn(ada.user.username, from: address(2))
        }
    }

    @Test func theRefusalSaysHowLongToWait() async throws {
        try await AuthWorld.with(.standard) { world in
            for _ in 0..<10 { _ = await code { try await world.signIn("nobody", "wrong") } }
            do {
                try await world.signIn("nobody", "wrong")
                Issue.record("not throttled")
            } catch let error as ParleyError {
                #expect(error.code == .rateLimited)
                let wait = try #require(error.retryAfter)
                #expect(wait > .seconds(20) && wait <= .seconds(30))
            }
        }
    }

    @Test func anAttackFromManyAddressesNeverLocksTheOwnerOut() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            for number in 0..<55 {
                _ = await code { try await world.signIn(ada.user.username, "wrong", from: address(number)) }
            }
            // From now on each address has one failure, not ten …
            let next = address(1000)
            #expect(await code { try await world.signIn(ada.user.username, "wrong", from: next) } == .unauthenticated)
            #expect(await code { try await world.signIn(ada.user.username, "wrong", from: next) } == .rateLimited)
            // … and the owner gets in, again and again, from wherever they are.
            for number in 2000..<2003 {
                try await world.signIn(ada.user.username, from: address(number))
                _ = await code { try await world.signIn(ada.user.username, "wrong", from: address(number + 1000)) }
                try await world.signIn(ada.user.username, from: address(number))
            }
        }
    }

    @Test func oneAddressCannotTryManyAccountsForEver() async throws {
        try await AuthWorld.with(.standard) { world in
            let attacker = address(1)
            var codes: [ErrorCode?] = []
            for number in 0..<105 {
                codes.append(await code { try await world.signIn("user\(number)", "wrong", from: attacker) })
            }
            #expect(codes.prefix(100).allSatisfy { $0 == .unauthenticated })
            #expect(codes.last == .rateLimited)
        }
    }

    @Test func aSignInThatSucceedsCostsNothing() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            for _ in 0..<15 { try await world.signIn(ada.user.username) }
            for _ in 0..<9 { _ = await code { try await world.signIn(ada.user.username, "wrong") } }
            try await world.signIn(ada.user.username)
            for _ in 0..<9 { _ = await code { try await world.signIn(ada.user.username, "wrong") } }
            try await world.signIn(ada.user.username)
        }
    }

    @Test func attemptsAtOnceAreCountedAsAttemptsInTurn() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let codes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<40 { group.addTask { await code { try await world.signIn(ada.user.username, "wrong") } } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.filter { $0 == .unauthenticated }.count == 10)
            #expect(codes.filter { $0 == .rateLimited }.count == 30)
        }
    }

    @Test func theTableHoldsNeitherNamesNorAddressesAndIsTidiedUp() async throws {
        try await AuthWorld.with(.standard) { world in
            _ = await code { try await world.signIn("nobody", "wrong") }
            let rows = try await world.database.query("SELECT key, full_at > now() FROM auth.sign_in_throttle")
            #expect(rows.count == 3)
            _ = try await world.database.query("UPDATE auth.sign_in_throttle SET full_at = now() - interval '1 second'")
            try await PostgresThrottleStore(world.database).removeFull()
            #expect(try await world.database.query("SELECT 1 FROM auth.sign_in_throttle").isEmpty)
        }
    }

    @Test func theBenchProfileHasNoThrottle() async throws {
        try await AuthWorld.with(.bench) { world in
            for _ in 0..<30 { #expect(await code { try await world.signIn("nobody", "wrong") } == .unauthenticated) }
        }
    }
}
