import ChatProtocol
import Postgres
import StrictJSON
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Finding users", .enabled(if: TestEnvironment.databaseURL != nil)) struct UserTests {
    @Test func peopleAreFoundByTheBeginningOfEitherName() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register("ada.lovelace", displayName: "Zoë École")
            try await world.register("bob", displayName: "Bob")
            for query in ["ad", "ADA.LOVELACE", "zo", "ZOË É", "zoë école"] {
                #expect(try await world.useCases.findUsers.matching(query, for: ada.user.id).users == [ada.user])
            }
            for query in ["da", "école", "%%", "__", "a%", "''", "\\\\", "zoe"] {
                #expect(try await world.useCases.findUsers.matching(query, for: ada.user.id).users.isEmpty)
            }
            for query in ["", "a", String(repeating: "a", count: 65), "a\0"] {
                let refused = await code { try await world.useCases.findUsers.matching(query, for: ada.user.id) }
                #expect(refused == .badRequest)
            }
        }
    }

    @Test func aUserWithBothNamesAlikeIsFoundOnceAndTwentyAreTheMost() async throws {
        try await AuthWorld.with { world in
            let asker = try await world.register("zzz")
            for number in 10..<35 { try await world.register("many\(number)") }
            let found = try await world.useCases.findUsers.matching("many", for: asker.user.id).users
            #expect(found.map(\.username) == (10..<30).map { "many\($0)" })
        }
    }

    @Test func peopleAreLookedUpByIDAndUnknownOnesLeftOut() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let bob = try await world.register()
            let list = "\(bob.user.id),\(UserID.make()),\(ada.user.id)"
            let found = try await world.useCases.findUsers.withIDs(list).users
            #expect(found.sorted { $0.id < $1.id } == [ada.user, bob.user].sorted { $0.id < $1.id })
            let many = (0..<101).map { _ in UserID.make().description }.joined(separator: ",")
            for list in [many, "", "nonsense", "\(ada.user.id),"] {
                #expect(await code { try await world.useCases.findUsers.withIDs(list) } == .badRequest)
            }
            #expect(try await world.useCases.accounts.existing(among: [ada.user.id, .make()]) == [ada.user.id])
        }
    }

    @Test func aNewDisplayNameIsShownAndFound() async throws {
        try await AuthWorld.with { world in
            let ada = try await world.register()
            let request = try EditProfileRequest(parsing: Array(#"{"display_name":" Grace "}"#.utf8))
            #expect(try await world.useCases.editProfile(request, by: ada.user.id).displayName == "Grace")
            #expect(try await world.useCases.findUsers.one(ada.user.id).displayName == "Grace")
            #expect(try await world.useCases.findUsers.matching("gra", for: ada.user.id).users.count == 1)
        }
    }
}

@Suite("Signing keys", .enabled(if: TestEnvironment.databaseURL != nil)) struct SigningKeyTests {
    @Test func instancesThatStartAtOnceShareOneKey() async throws {
        try await AuthWorld.with { world in
            _ = try await world.database.query("DELETE FROM auth.signing_keys")
            let rings = (0..<6).map { _ in world.keyRing() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for ring in rings { group.addTask { try await ring.reload() } }
                try await group.waitForAll()
            }
            #expect(Set(rings.flatMap { $0.keySet.keys.map(\.id) }).count == 1)
            let (token, _) = try await rings[0].sign(user: .make(), session: .make())
            for ring in rings { _ = try await ring.verify(token) }
        }
    }

    @Test func aKeyOutlivesTheProcessAndIsSealed() async throws {
        try await AuthWorld.with { world in
            let before = world.useCases.keys.keySet.keys
            let ring = world.keyRing()
            try await ring.reload()
            #expect(ring.keySet.keys == before)
            let sealed = try await world.database.query("SELECT octet_length(sealed_key) FROM auth.signing_keys")
            #expect(try sealed[0].get(0, as: Int64.self) == 12 + 32 + 16)
        }
    }

    @Test func underAnotherSecretAnotherKeyIsMadeAndBothAreBelieved() async throws {
        try await AuthWorld.with { world in
            let secret: DeploymentSecret = try #require(DeploymentSecret(Array(repeating: 9, count: 32)))
            let other = world.keyRing(secret: secret)
            try await other.reload()
            let (theirs, _) = try await other.sign(user: .make(), session: .make())
            let (ours, _) = try await world.useCases.keys.sign(user: .make(), session: .make())
            // The key is news to this instance: it reads the table again by itself.
            _ = try await world.useCases.keys.verify(theirs)
            _ = try await other.verify(ours)
            #expect(world.useCases.keys.keySet.keys.count == 2)
        }
    }

    @Test func aRetiredKeySignsNoMoreAndIsBelievedForAnHour() async throws {
        try await AuthWorld.with { world in
            let (token, _) = try await world.useCases.keys.sign(user: .make(), session: .make())
            _ = try await world.database.query("UPDATE auth.signing_keys SET retired_at = now()")
            let ring = world.keyRing()
            try await ring.reload()
            #expect(ring.keySet.keys.count == 2)
            _ = try await ring.verify(token)
            _ = try await world.database.query(
                "UPDATE auth.signing_keys SET retired_at = now() - interval '61 minutes' WHERE retired_at IS NOT NULL")
            try await ring.reload()
            #expect(await code { try await ring.verify(token) } == .unauthenticated)
        }
    }

    @Test func aTokenOfAnUnknownKeyIsRefused() async throws {
        try await AuthWorld.with { world in
            let key = try #require(SigningKey(id: "stranger", seed: Array(repeating: 1, count: 32)))
            let claims = AccessToken.claims(user: .make(), session: .make(), now: .now, lifetime: .seconds(60))
            let token = try await TokenSigner(key: key, type: AccessToken.type).sign(claims)
            for _ in 0..<3 {
                #expect(await code { try await world.useCases.keys.verify(token) } == .unauthenticated)
            }
        }
    }
}
