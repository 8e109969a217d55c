import ChatProtocol
import Postgres
import ServiceKit
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Known devices and strangers", .enabled(if: TestEnvironment.databaseURL != nil)) struct KnownDeviceTests {
    private func mark(_ world: AuthWorld, of user: SignedIn) -> String {
        KnownDevices(world.secret).make(for: user.user.username)
    }

    /// Wrong passwords from the address until that is throttled.
    private func attack(_ world: AuthWorld, _ name: String, from address: AddressPrefix) async {
        for _ in 0..<12 { _ = await code { try await world.signIn(name, "wrong", from: address) } }
    }

    @Test func aKnownDeviceSignsInFromTheAddressOfAnAttacker() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let mark = mark(world, of: ada)
            await attack(world, ada.user.username, from: AuthWorld.home)
            #expect(await code { try await world.signIn(ada.user.username) } == .rateLimited)
            for _ in 0..<3 { try await world.signIn(ada.user.username, mark: mark) }
            #expect(await code { try await world.signIn(ada.user.username) } == .rateLimited)
        }
    }

    @Test func aKnownDeviceSignsInWhenItsWholeAddressAndTheAccountAreUsedUp() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            for number in 0..<60 {
                let address = AddressPrefix("10.0.0.\(number)")
                _ = await code { try await world.signIn(ada.user.username, "wrong", from: address) }
            }
            for number in 0..<105 { _ = await code { try await world.signIn("user\(number)", "wrong") } }
            await attack(world, ada.user.username, from: AuthWorld.home)
            #expect(await code { try await world.signIn(ada.user.username) } == .rateLimited)
            try await world.signIn(ada.user.username, mark: mark(world, of: ada))
        }
    }

    @Test func aKnownDeviceShowsItsSecondFactorFromTheAddressOfAnAttacker() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let codes = try await world.protect(ada).codes
            let challenge = try await world.challenge(ada)
            await attack(world, ada.user.username, from: AuthWorld.home)
            #expect(await code { try await world.answer(challenge, recovery: codes[0].text) } == .rateLimited)
            _ = try await world.answer(challenge, recovery: codes[0].text, mark: mark(world, of: ada))
        }
    }

    @Test func aMarkIsWorthTenGuessesAndNoMore() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let mark = mark(world, of: ada)
            var codes: [ErrorCode?] = []
            for number in 0..<14 {
                // Walking from address to address gains nothing.
                let address = AddressPrefix("10.1.0.\(number)")
                codes.append(
                    await code { try await world.signIn(ada.user.username, "wrong", from: address, mark: mark) })
            }
            #expect(codes.prefix(10).allSatisfy { $0 == .unauthenticated })
            #expect(codes.suffix(4).allSatisfy { $0 == .rateLimited })
            // Nor does it cost the owner elsewhere anything.
            try await world.signIn(ada.user.username)
        }
    }

    @Test func aMarkOfAnotherAccountOrMadeUpIsNone() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            let eve = try await world.register(AuthWorld.unique("eve"))
            let elsewhere = KnownDevices(try #require(DeploymentSecret(Array(repeating: 3, count: 32))))
            await attack(world, ada.user.username, from: AuthWorld.home)
            let good = mark(world, of: ada)
            let flipped = (good.first == "A" ? "B" : "A") + good.dropFirst()
            let bad = [
                mark(world, of: eve), elsewhere.make(for: ada.user.username), flipped, String(good.dropLast(4)),
                good + "=",
                "", "x", String(repeating: "A", count: 5000),
            ]
            for mark in bad {
                #expect(await code { try await world.signIn(ada.user.username, mark: mark) } == .rateLimited)
            }
            try await world.signIn(ada.user.username, mark: good)
        }
    }

    @Test func strangersAtTheSameAddressDoNotKeepAPasswordFromBeingChanged() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            await attack(world, ada.user.username, from: AuthWorld.home)
            try await world.changePassword(ada, to: "another staple 28")
            for _ in 0..<10 {
                #expect(
                    await code { try await world.changePassword(ada, to: "yet another 29", current: "x") } == .forbidden
                )
            }
            #expect(
                await code { try await world.changePassword(ada, to: "yet another 29", current: "x") } == .rateLimited)
        }
    }

    @Test func withoutItsTableTheThrottleGoesOnInTheProcess() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            _ = try await world.database.query("ALTER TABLE auth.sign_in_throttle RENAME TO elsewhere")
            for _ in 0..<12 { try await world.signIn(ada.user.username) }
            for _ in 0..<10 {
                #expect(await code { try await world.signIn(ada.user.username, "wrong") } == .unauthenticated)
            }
            #expect(await code { try await world.signIn(ada.user.username) } == .rateLimited)
            try await world.signIn(ada.user.username, mark: mark(world, of: ada))
            _ = try await world.database.query("ALTER TABLE auth.elsewhere RENAME TO sign_in_throttle")
            try await world.signIn(ada.user.username)
        }
    }
}
