import ChatProtocol
import Postgres
import Support
import Testing

@testable import AuthService

@Suite("Ending sessions", .enabled(if: TestEnvironment.databaseURL != nil)) struct SessionTests {
    @Test func anEndedSessionIsRefusedAtOnceAndNotListed() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            #expect(try await world.useCases.listSessions(by: world.access(ada)).sessions.count == 2)
            try await world.end(phone.session, by: ada)
            #expect(await code { try await world.useCases.verifyAccess(phone.accessToken) } == .unauthenticated)
            let list = try await world.useCases.listSessions(by: world.access(ada))
            #expect(list.sessions.map(\.id) == [ada.session] && list.current == ada.session)
        }
    }

    @Test func somebodyElsesSessionAndAnUnknownOneAreNotFoundAlike() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            for session in [bob.session, SessionID.make()] {
                #expect(await code { try await world.end(session, by: ada) } == .notFound)
            }
            #expect(try await world.isLive(bob))
        }
    }

    @Test func allOthersEndAtOnceAndNobodyElses() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            var others: [SignedIn] = []
            for _ in 0..<3 { others.append(try await world.signIn(ada.user.username)) }
            for _ in 0..<2 { try await world.useCases.endSession.others(by: world.access(ada), from: AuthWorld.home) }
            for session in others { #expect(try await !world.isLive(session)) }
            #expect(try await world.isLive(ada))
            #expect(try await world.isLive(bob))
            let read = try await world.useCases.readRevocations(since: nil)
            #expect(Set(read.revocations.map(\.session)) == Set(others.map(\.session)))
        }
    }

    @Test func aNewPasswordEndsAllOtherSessions() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            try await world.changePassword(ada, to: "another staple 28")
            #expect(try await world.isLive(ada))
            #expect(try await !world.isLive(phone))
            #expect(await code { try await world.signIn(ada.user.username) } == .unauthenticated)
            try await world.signIn(ada.user.username, "another staple 28")
        }
    }

    @Test func aWrongCurrentPasswordIsForbiddenAndChangesNothing() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            #expect(
                await code { try await world.changePassword(ada, to: "another staple", current: "x") } == .forbidden)
            #expect(await code { try await world.changePassword(ada, to: "short") } == .badRequest)
            #expect(try await world.isLive(phone))
            try await world.signIn(ada.user.username)
        }
    }

    @Test func noSignInWithTheOldPasswordOutlivesItsChange() async throws {
        try await AuthWorld.with { world in
            for _ in 0..<5 {
                let ada = try await world.register()
                let opened = try await withThrowingTaskGroup(of: SignedIn?.self) { group in
                    for number in 0..<12 {
                        group.addTask {
                            try await Task.sleep(for: .milliseconds(number))
                            do { return try await world.signIn(ada.user.username) } catch is ParleyError { return nil }
                        }
                    }
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(5))
                        try await world.changePassword(ada, to: "another staple 28")
                        return nil
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for session in opened.compactMap({ $0 }) { #expect(try await !world.isLive(session)) }
                #expect(try await world.isLive(ada))
            }
        }
    }

    @Test func oldSessionsAreRemovedAndLiveOnesStay() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            try await world.end(phone.session, by: ada)
            _ = try await world.database.query(
                "UPDATE auth.sessions SET ended_at = now() - interval '8 days' WHERE id = \(phone.session)")
            try await world.sessions.removeOld()
            let left = try await world.database.query("SELECT id FROM auth.sessions")
            #expect(try left.map { try $0.get(0, as: SessionID.self) } == [ada.session])
        }
    }
}

@Suite("Reading ended sessions", .enabled(if: TestEnvironment.databaseURL != nil)) struct RevocationTests {
    @Test func eachEndIsReadOnceByACursorThatFollows() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            let read = world.useCases.readRevocations
            let start = try await read(since: nil)
            #expect(start.revocations.isEmpty)
            try await world.logout(phone)
            let next = try await read(since: start.next)
            #expect(next.revocations.map(\.session) == [phone.session])
            #expect(next.revocations[0].until > Timestamp.now.advanced(by: .seconds(900)))
            #expect(try await read(since: next.next).revocations.isEmpty)
            #expect(try await read(since: nil).revocations.map(\.session) == [phone.session])
        }
    }

    @Test func anEndThatCommitsAfterTheCursorWasTakenIsNotMissed() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let read = world.useCases.readRevocations
            let (during, late) = try await world.database.transaction { transaction in
                _ = try await transaction.query(
                    """
                    UPDATE auth.sessions SET ended_at = clock_timestamp(),
                        ended_xid = pg_current_xact_id()::text::bigint WHERE id = \(ada.session)
                    """)
                // Others begin, commit and raise the snapshot past this transaction.
                let bob = try await world.register(AuthWorld.unique("bob"))
                try await world.logout(bob)
                return (try await read(since: nil), bob.session)
            }
            #expect(during.revocations.map(\.session) == [late])
            #expect(try await read(since: during.next).revocations.map(\.session) == [ada.session])
        }
    }

    @Test func endedSessionsComeInPagesOfWhichNoneIsMissed() async throws {
        try await AuthWorld.with { world in
            let read = ReadRevocations(world.database, pageMax: 2)
            var sessions: [SessionID] = []
            for _ in 0..<3 {
                let person = try await world.register()
                try await world.logout(person)
                sessions.append(person.session)
            }
            // Four that end in one transaction.
            let ada = try await world.register()
            for _ in 0..<4 { sessions.append(try await world.signIn(ada.user.username).session) }
            try await world.useCases.endSession.others(by: world.access(ada), from: AuthWorld.home)
            for end in ["as they ended", "restored"] {
                if end == "restored" {
                    _ = try await world.database.query(
                        "UPDATE auth.sessions SET ended_xid = 0 WHERE ended_at IS NOT NULL")
                }
                var found: [SessionID] = []
                var cursor: String?
                while true {
                    let page = try await read(since: cursor)
                    #expect(page.revocations.count <= 2)
                    found += page.revocations.map(\.session)
                    cursor = page.next
                    if page.revocations.isEmpty { break }
                }
                #expect(found.count == 7 && Set(found) == Set(sessions), "\(end)")
            }
        }
    }

    @Test func aCursorOfAnotherHistoryGetsEverything() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            try await world.logout(ada)
            let read = world.useCases.readRevocations
            let cursor = try #require(ReadRevocations.Cursor(try await read(since: nil).next)).seen
            let xmax = cursor.snapshot.xmax
            for other in ["1-1.\(xmax):\(xmax):", "\(cursor.epoch).900000000:900000000:"] {
                #expect(try await read(since: other).revocations.map(\.session) == [ada.session])
            }
            #expect(await code { try await read(since: "nonsense") } == .badRequest)
        }
    }
}
