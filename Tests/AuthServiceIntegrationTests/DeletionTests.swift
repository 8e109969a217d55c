import ChatProtocol
import Postgres
import ServiceKit
import StrictJSON
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Deleting an account", .enabled(if: TestEnvironment.databaseURL != nil)) struct DeletionTests {
    @Test func nothingOfADeletedUserIsLeftInTheTablesButTheHashOfTheName() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register(displayName: "Ada Lovelace")
            try await world.signIn(ada.user.username)
            try await world.delete(ada)
            for table in ["users", "sessions", "deletions"] {
                let rows = try await world.database.query(
                    PostgresQuery(stringLiteral: "SELECT t::text FROM auth.\(table) AS t"))
                #expect(!rows.isEmpty)
                for row in rows {
                    let text = try row.get(0, as: String.self)
                    #expect(!text.contains(ada.user.username) && !text.contains("Lovelace"))
                    #expect(!text.contains("argon2") && !text.contains(AuthWorld.home.address))
                }
            }
        }
    }

    @Test func aDeletedUserIsShownAsOneAndNeverFound() async throws {
        try await AuthWorld.with { world in
            let bob = try await world.register(AuthWorld.unique("bob"))
            let ada = try await world.register(displayName: "Deleted user")
            try await world.delete(ada)
            let find = world.useCases.findUsers
            let users = try await find.withIDs("\(ada.user.id)").users
            #expect(users == [User(id: ada.user.id, username: "", displayName: "Deleted user")])
            #expect(users[0].isDeleted)
            for query in [String(ada.user.username.prefix(6)), ada.user.username, "de", "deleted user"] {
                #expect(try await find.matching(query, for: bob.user.id).users.isEmpty)
            }
            #expect(try await world.useCases.accounts.existing(among: [ada.user.id, bob.user.id]) == [bob.user.id])
        }
    }

    @Test func signingInToADeletedAccountIsRefusedLikeAnUnknownName() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            try await world.delete(ada)
            await #expect(throws: ParleyError(.unauthenticated, "wrong username or password")) {
                try await world.signIn(ada.user.username)
            }
            #expect(await code { try await world.refresh(ada.refresh) } == .unauthenticated)
            #expect(await code { try await world.useCases.verifyAccess(ada.accessToken) } == .unauthenticated)
        }
    }

    @Test func aNameIsNeverGivenOutAgain() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            try await world.delete(ada)
            for name in [ada.user.username, ada.user.username.uppercased()] {
                #expect(await code { try await world.register(name) } == .conflict)
            }
            // Nor by a service that does not look first, as the version before this one.
            #expect(
                await code {
                    try await world.database.query(
                        """
                        INSERT INTO auth.users (id, username, display_name, display_key, password_hash)
                        VALUES (\(UserID.make()), \(ada.user.username), 'x', 'x', 'x')
                        """)
                } == .internal)
        }
    }

    @Test func aRegistrationThatMeetsTheDeletionOfItsNameIsRefusedToo() async throws {
        try await AuthWorld.with { world in
            for _ in 0..<5 {
                let ada = try await world.register()
                let taken = await withTaskGroup(of: ErrorCode?.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            await code {
                                try await Task.sleep(for: .milliseconds(number))
                                try await world.register(ada.user.username)
                            }
                        }
                    }
                    group.addTask {
                        let failure = await code {
                            try await Task.sleep(for: .milliseconds(4))
                            try await world.delete(ada)
                        }
                        return failure == nil ? .conflict : failure
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(taken.allSatisfy { $0 == .conflict })
            }
        }
    }

    @Test func aWrongPasswordDeletesNothingAndIsThrottledLikeASignIn() async throws {
        try await AuthWorld.with(.standard) { world in
            let ada = try await world.register()
            for _ in 0..<10 {
                #expect(await code { try await world.delete(ada, password: "not the password") } == .forbidden)
            }
            #expect(await code { try await world.delete(ada) } == .rateLimited)
            let long = String(repeating: "x", count: NewPassword.presentedBytesMax + 1)
            #expect(await code { try await world.delete(ada, password: long) } == .forbidden)
            #expect(try await world.isLive(ada))
            #expect(try await world.useCases.readDeletions(since: nil).deletions.isEmpty)
        }
    }

    @Test func noSignInOutlivesTheDeletion() async throws {
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
                        try await world.delete(ada)
                        return nil
                    }
                    return try await group.reduce(into: [ada]) { if let signedIn = $1 { $0.append(signedIn) } }
                }
                for session in opened { #expect(try await !world.isLive(session)) }
                let ended = Set(try await world.useCases.readRevocations(since: nil).revocations.map(\.session))
                #expect(ended.isSuperset(of: opened.map(\.session)))
            }
        }
    }

    @Test func deletedTwiceAtOnceIsDeletedOnce() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<4 { group.addTask { await code { try await world.delete(ada) } } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.allSatisfy { [nil, .conflict, .unauthenticated].contains($0) })
            #expect(try await world.useCases.readDeletions(since: nil).deletions.count == 1)
        }
    }
}

@Suite("Reading deletions", .enabled(if: TestEnvironment.databaseURL != nil)) struct DeletionReadingTests {
    @Test func eachDeletionIsReadOnceWithItsChoice() async throws {
        try await AuthWorld.with { world in
            let read = world.useCases.readDeletions
            let start = try await read(since: nil)
            #expect(start.deletions.isEmpty)
            let ada = try await world.register()
            let bob = try await world.register(AuthWorld.unique("bob"))
            try await world.delete(ada, messages: .erase)
            let first = try await read(since: start.next)
            #expect(first.deletions == [.init(user: ada.user.id, messages: .erase)])
            try await world.delete(bob, messages: .keep)
            let second = try await read(since: first.next)
            #expect(second.deletions == [.init(user: bob.user.id, messages: .keep)])
            #expect(try await read(since: second.next).deletions.isEmpty)
            #expect(try await read(since: nil).deletions == first.deletions + second.deletions)
        }
    }

    @Test func pagesMissNothingThatIsCommittedMeanwhile() async throws {
        try await AuthWorld.with { world in
            let read = ReadDeletions(world.database, pageMax: 2)
            var people: [SignedIn] = []
            for _ in 0..<7 { people.append(try await world.register()) }
            let slow = people.removeLast()
            var found: [UserID] = []
            var cursor: String?
            try await world.database.transaction { transaction in
                // Has the lowest number of all, and is over last.
                _ = try await transaction.query(
                    """
                    INSERT INTO auth.deletions (user_id, messages, xid)
                    VALUES (\(slow.user.id), 'keep', pg_current_xact_id()::text::bigint)
                    """)
                for person in people { try await world.delete(person) }
                for _ in 0..<2 {
                    let page = try await read(since: cursor)
                    #expect(page.deletions.count == 2)
                    found += page.deletions.map(\.user)
                    cursor = page.next
                }
            }
            for _ in 0..<2 {
                let page = try await read(since: cursor)
                found += page.deletions.map(\.user)
                cursor = page.next
            }
            #expect(Set(found) == Set((people + [slow]).map(\.user.id)) && found.count == 7)
            #expect(try await read(since: cursor).deletions.isEmpty)
        }
    }

    @Test func pagesEndAlsoInARestoredDatabaseWhereAllHaveTheSameNumber() async throws {
        try await AuthWorld.with { world in
            let read = ReadDeletions(world.database, pageMax: 2)
            var people: [UserID] = []
            for _ in 0..<5 {
                let person = try await world.register()
                try await world.delete(person)
                people.append(person.user.id)
            }
            _ = try await world.database.query("UPDATE auth.deletions SET xid = 0")
            var found: [UserID] = []
            var cursor: String?
            for _ in 0..<3 {
                let page = try await read(since: cursor)
                found += page.deletions.map(\.user)
                cursor = page.next
            }
            #expect(found == people.sorted { $0.description < $1.description })
            #expect(try await read(since: cursor).deletions.isEmpty)
        }
    }

    @Test func aCursorOfAnotherHistoryGetsEverything() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            try await world.delete(ada)
            let read = world.useCases.readDeletions
            let cursor = try #require(DeletionCursor(try await read(since: nil).next)).seen
            let xmax = cursor.snapshot.xmax
            for other in ["1-1.\(xmax):\(xmax):", "\(cursor.epoch).900000000:900000000:.\(ada.user.id)"] {
                #expect(try await read(since: other).deletions.map(\.user) == [ada.user.id])
            }
            #expect(await code { try await read(since: "nonsense") } == .badRequest)
        }
    }
}

extension AuthWorld {
    func delete(_ signedIn: SignedIn, password: String = password, messages: MessagesOfDeleted = .keep) async throws {
        let body = #"{"current_password":"\#(password)","messages":"\#(messages.rawValue)"}"#
        try await useCases.deleteAccount(
            DeleteAccountRequest(parsing: Array(body.utf8)), by: access(signedIn), from: Self.home)
    }
}
