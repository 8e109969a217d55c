import ChatProtocol
import Postgres
import ServiceKit
import Support
import Testing

@testable import AuthService

@Suite("The audit log", .enabled(if: TestEnvironment.databaseURL != nil)) struct AuditTests {
    private struct Entry: Equatable {
        let event: String
        let user: UserID?
        let session: SessionID?
        let address: String?
        let device: String?
        let detail: String?
    }

    private func entries(_ world: AuthWorld) async throws -> [Entry] {
        try await world.database.query(
            """
            SELECT event, user_id, session_id, address, device, detail FROM auth.audit_log
            WHERE event <> 'key_made' ORDER BY id
            """
        ).map { row in
            Entry(
                event: try row.get(0), user: try row.getOptional(1), session: try row.getOptional(2),
                address: try row.getOptional(3), device: try row.getOptional(4), detail: try row.getOptional(5))
        }
    }

    private let home = AuthWorld.home.address

    @Test func beginningsAndEndsOfSessionsAreWrittenWithWhoAndWhy() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let (name, id) = (ada.user.username, ada.user.id)
            let phone = try await world.signIn(name)
            try await world.end(phone.session, by: ada)
            try await world.logout(ada)
            try await world.logout(ada)  // ended already: nothing happened
            func entry(_ event: String, _ session: SessionID, _ detail: String? = nil) -> Entry {
                Entry(event: event, user: id, session: session, address: home, device: "unknown", detail: detail)
            }
            #expect(
                try await entries(world) == [
                    entry("registered", ada.session), entry("signed_in", phone.session),
                    entry("session_ended", phone.session, "ended by session \(ada.session)"),
                    entry("session_ended", ada.session, "signed out"),
                ])
        }
    }

    @Test func aNewPasswordIsWrittenWithTheSessionsItEnded() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let phone = try await world.signIn(ada.user.username)
            #expect(await code { try await world.changePassword(ada, to: "another staple 28", current: "x") } != nil)
            try await world.changePassword(ada, to: "another staple 28")
            let last = try await entries(world).suffix(3)
            #expect(last.map(\.event) == ["password_check_failed", "password_changed", "session_ended"])
            #expect(last.map(\.session) == [ada.session, ada.session, phone.session])
            #expect(last.allSatisfy { $0.user == ada.user.id && $0.address == home })
        }
    }

    @Test func aDeletedAccountIsWrittenOnceWithWhoDeletedIt() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            try await world.signIn(ada.user.username)
            try await world.delete(ada)
            let last = try #require(try await entries(world).last)
            #expect(last.event == "account_deleted" && last.user == ada.user.id && last.session == ada.session)
            #expect(try await entries(world).count == 3)
        }
    }

    @Test func aReusedRefreshTokenIsWrittenOnceAndOneMadeUpNever() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let second = try await world.refresh(ada.refresh)
            _ = try await world.refresh(second.refresh)
            for _ in 0..<2 { #expect(await code { try await world.refresh(ada.refresh) } == .unauthenticated) }
            let ends = try await entries(world).filter { $0.event == "refresh_reused" }
            #expect(ends.map(\.session) == [ada.session] && ends.map(\.user) == [ada.user.id])
        }
    }

    @Test func aFailedSignInNamesTheAccountThereIsAndNeverWhatWasTyped() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            #expect(await code { try await world.signIn(ada.user.username, "not-the-one") } == .unauthenticated)
            // Where a person types the password into the field of the name.
            for typed in ["mysecretpassword", "My Secret Password!"] {
                #expect(await code { try await world.signIn(typed, "not-the-one") } == .unauthenticated)
            }
            let failures = try await entries(world).filter { $0.event == "sign_in_failed" }
            #expect(failures.map(\.user) == [ada.user.id, nil, nil])
            #expect(failures.map(\.detail) == ["wrong password", "unknown name", "unknown name"])
            let table = try await world.database.query("SELECT string_agg(a::text, ' ') FROM auth.audit_log AS a")
            let text = try table[0].get(0, as: String.self).lowercased()
            for secret in ["secret", "not-the-one", AuthWorld.password] { #expect(!text.contains(secret)) }
        }
    }

    @Test func throttledAttemptsFromOneAddressAreOneEntryAMinute() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            for _ in 0..<15 { _ = await code { try await world.signIn(ada.user.username, "wrong") } }
            let events = try await entries(world).map(\.event)
            #expect(events.filter { $0 == "sign_in_failed" }.count == 10)
            #expect(events.filter { $0 == "sign_in_throttled" }.count == 1)
        }
    }

    @Test func theSessionThatHadToGoIsWritten() async throws {
        try await AuthWorld.with(.standard) { world in
            let first = try await world.register()
            for _ in 0..<5 { try await world.signIn(first.user.username) }
            let ends = try await entries(world).filter { $0.event == "session_ended" }
            #expect(ends.map(\.session) == [first.session])
            #expect(ends.map(\.detail) == ["more sessions than allowed"])
        }
    }

    @Test func whatDidNotHappenIsNotWritten() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let opening = OpeningSession(
                user: ada.user.id, device: try DeviceName(checking: nil), address: AuthWorld.home,
                tokens: world.useCases.signIn.tokens)
            #expect(try await !world.sessions.open(opening, passwordHash: "the hash before a change"))
            #expect(await code { try await world.register(ada.user.username) } == .conflict)
            #expect(try await entries(world).map(\.event) == ["registered"])
        }
    }

    @Test(arguments: [
        "UPDATE auth.audit_log SET detail = 'nothing to see'", "DELETE FROM auth.audit_log",
        "TRUNCATE auth.audit_log", "UPDATE auth.audit_log SET at = now() - interval '1 year'",
    ])
    func theTableRefusesEveryChangeOfTheLastThirtyDays(statement: String) async throws {
        try await AuthWorld.with { world in
            try await world.register()
            let before = try await entries(world)
            await #expect(throws: PostgresError.self) {
                try await world.database.query(PostgresQuery(stringLiteral: statement))
            }
            #expect(try await entries(world) == before)
        }
    }

    @Test func entriesAreRemovedAfterTheirTimeAndNotBefore() async throws {
        try await AuthWorld.with { world in
            try await world.register()
            for days in [401, 399] {
                _ = try await world.database.query(
                    """
                    INSERT INTO auth.audit_log (at, event, detail)
                    VALUES (now() - \(Int64(days)) * interval '1 day', 'key_made', \(String(days)))
                    """)
            }
            try await world.audit.removeOlder(thanDays: 400)
            let left = try await world.database.query(
                "SELECT detail FROM auth.audit_log WHERE at < now() - interval '1 day'")
            #expect(try left.map { try $0.get(0, as: String.self) } == ["399"])
            #expect(try await entries(world).map(\.event) == ["registered"])
        }
    }

    @Test func aLogThatCannotBeWrittenToLetsNobodyInAndKeepsNobodyOutOfAnAnswer() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            _ = try await world.database.query("ALTER TABLE auth.audit_log RENAME TO elsewhere")
            #expect(await code { try await world.signIn(ada.user.username, "wrong") } == .unauthenticated)
            #expect(await code { try await world.signIn(ada.user.username) } == .internal)
            #expect(try await world.useCases.listSessions(by: world.access(ada)).sessions.count == 1)
        }
    }
}
