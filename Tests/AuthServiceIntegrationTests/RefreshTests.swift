import ChatProtocol
import Postgres
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Refreshing a session", .enabled(if: TestEnvironment.databaseURL != nil)) struct RefreshTests {
    @Test func eachRefreshGivesASuccessorThatWorks() async throws {
        try await AuthWorld.with { world in
            var current = try await world.register()
            for _ in 0..<5 {
                let next = try await world.refresh(current.refresh)
                #expect(next.refresh != current.refresh && next.session == current.session)
                #expect(try await world.useCases.verifyAccess(next.accessToken).session == current.session)
                current = next
            }
        }
    }

    @Test func aRepeatGivesTheSameSuccessor() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let first = try await world.refresh(ada.refresh)
            let second = try await world.refresh(ada.refresh)
            #expect(first.refresh == second.refresh)
            _ = try await world.refresh(first.refresh)
        }
    }

    @Test func refreshesAtOnceAllGetTheSameSuccessor() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let successors = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<16 { group.addTask { try await world.refresh(ada.refresh).refresh.text } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(successors.count == 1)
            #expect(try await world.isLive(ada))
        }
    }

    @Test func theOneBeforeAfterItsSuccessorWasUsedEndsTheSession() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let second = try await world.refresh(ada.refresh)
            let third = try await world.refresh(second.refresh)
            #expect(await code { try await world.refresh(ada.refresh) } == .unauthenticated)
            #expect(try await !world.isLive(ada))
            #expect(await code { try await world.refresh(third.refresh) } == .unauthenticated)
            #expect(await code { try await world.useCases.verifyAccess(third.accessToken) } == .unauthenticated)
        }
    }

    @Test func theOneBeforeAfterThirtySecondsEndsTheSession() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let second = try await world.refresh(ada.refresh)
            _ = try await world.database.query(
                "UPDATE auth.sessions SET rotated_at = rotated_at - interval '31 seconds'")
            #expect(await code { try await world.refresh(ada.refresh) } == .unauthenticated)
            #expect(await code { try await world.refresh(second.refresh) } == .unauthenticated)
        }
    }

    @Test func aTokenSomebodyMadeUpForASessionEndsNothing() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.refresh(world.register().refresh)
            let forged = Base64URL.encode(ada.session.bytes + Array(repeating: 0x41, count: 48))
            let refused = await code {
                try await world.useCases.refreshSession(forged, asCookie: false, from: AuthWorld.home)
            }
            #expect(refused == .unauthenticated)
            #expect(try await world.isLive(ada))
            _ = try await world.refresh(ada.refresh)
        }
    }

    @Test func aSessionThatRanOutOrWasEndedIsNotRefreshed() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            _ = try await world.database.query(
                "UPDATE auth.sessions SET expires_at = now() - interval '1 second' WHERE id = \(phone.session)")
            #expect(await code { try await world.refresh(phone.refresh) } == .unauthenticated)
            try await world.logout(ada)
            #expect(await code { try await world.refresh(ada.refresh) } == .unauthenticated)
        }
    }

    @Test func aRefreshMakesTheSessionLastLonger() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            _ = try await world.database.query("UPDATE auth.sessions SET expires_at = now() + interval '1 minute'")
            _ = try await world.refresh(ada.refresh)
            let rows = try await world.database.query(
                "SELECT expires_at > now() + interval '29 days' FROM auth.sessions")
            #expect(try rows[0].get(0, as: Bool.self))
        }
    }

    @Test func noTokenIsInTheTable() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            _ = try await world.refresh(ada.refresh)
            let dump = try await world.database.query("SELECT s::text FROM auth.sessions AS s")[0].get(
                0, as: String.self)
            let bytes = try #require(Base64URL.decode(ada.refresh.text))
            let secret = bytes[16..<48].map { String($0, radix: 16) }.joined()
            #expect(!dump.contains(ada.refresh.text) && !dump.contains(secret))
        }
    }
}
