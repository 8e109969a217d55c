import ChatProtocol
import Postgres
import Support
import Testing
import Tokens

@testable import AuthService

@Suite("Rotating signing keys", .enabled(if: TestEnvironment.databaseURL != nil)) struct KeyRotationTests {
    private func store(_ world: AuthWorld) -> PostgresKeyStore {
        PostgresKeyStore(world.database, secret: world.secret, days: 30, audit: world.audit)
    }

    private func sql(_ world: AuthWorld, _ statement: PostgresQuery) async throws {
        _ = try await world.database.query(statement)
    }

    /// The key that a new token of the ring is signed with.
    private func signer(_ ring: KeyRing) async throws -> String {
        try await ring.reload()
        let (token, _) = try await ring.sign(user: .make(), session: .make())
        let header = try #require(Base64URL.decode(token.split(separator: ".")[0]))
        return String(String(decoding: header, as: UTF8.self).split(separator: "\"kid\":\"")[1].prefix { $0 != "\"" })
    }

    @Test func theNextKeyIsPublishedBeforeItSignsAndTheLastOneBelievedAfterwards() async throws {
        try await AuthWorld.with { world in
            let ring = world.keyRing()
            let first = try await signer(ring)
            let (token, _) = try await ring.sign(user: .make(), session: .make())
            try await store(world).rotate()
            #expect(try await signer(ring) == first)
            #expect(ring.keySet.keys.count == 2)
            try await sql(world, "UPDATE auth.signing_keys SET retired_at = now() WHERE retired_at > now()")
            let second = try await signer(ring)
            #expect(second != first && ring.keySet.keys.map(\.id) == [first, second])
            _ = try await ring.verify(token)
            try await sql(
                world, "UPDATE auth.signing_keys SET retired_at = now() - interval '61 minutes' WHERE kid = \(first)")
            try await ring.reload()
            #expect(ring.keySet.keys.map(\.id) == [second])
            #expect(await code { try await ring.verify(token) } == .unauthenticated)
        }
    }

    @Test func aCopyOfTheKeysNeverOutlivesTheTimeBeforeTheNextOneSigns() {
        let ownReading: Duration = .seconds(2 + 2 + 2)  // auth-service's, the verifier's, and its call
        #expect(PostgresKeyStore.keySetAgeMax + ownReading < PostgresKeyStore.lead)
    }

    @Test func instancesThatFindAKeyDueMakeOneNextKeyAmongThem() async throws {
        try await AuthWorld.with { world in
            try await sql(world, "UPDATE auth.signing_keys SET created_at = now() - interval '29 days 23 hours'")
            let rings = (0..<6).map { _ in world.keyRing() }
            for ring in rings { try await ring.reload() }
            #expect(rings[0].keySet.keys.count == 1)
            try await sql(world, "UPDATE auth.signing_keys SET created_at = now() - interval '30 days'")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for ring in rings { group.addTask { for _ in 0..<3 { try await ring.reload() } } }
                try await group.waitForAll()
            }
            for ring in rings { #expect(ring.keySet.keys.count == 2) }
            let old = try await signer(rings[0])
            for ring in rings { #expect(try await signer(ring) == old) }
        }
    }

    @Test func twoRotationsInARowKeepTheirOrder() async throws {
        try await AuthWorld.with { world in
            let ring = world.keyRing()
            let first = try await signer(ring)
            try await store(world).rotate()
            try await store(world).rotate()
            #expect(try await signer(ring) == first)
            let ids = ring.keySet.keys.map(\.id)
            #expect(ids.count == 3)
            for id in ids.dropLast() {
                #expect(try await signer(ring) == id)
                try await sql(world, "UPDATE auth.signing_keys SET retired_at = now() WHERE kid = \(id)")
            }
            #expect(try await signer(ring) == ids[2])
        }
    }

    @Test func aKeyThatLeakedIsRefusedAtOnceAndAnotherSigns() async throws {
        try await AuthWorld.with { world in
            let ring = world.keyRing()
            let leaked = try await signer(ring)
            let (token, _) = try await ring.sign(user: .make(), session: .make())
            #expect(try await store(world).retire(leaked))
            let next = try await signer(ring)
            #expect(next != leaked && ring.keySet.keys.map(\.id) == [next])
            #expect(await code { try await ring.verify(token) } == .unauthenticated)
            for id in [leaked, "nonsense", ""] { #expect(try await !store(world).retire(id)) }
            let events = try await world.database.query(
                "SELECT event, detail FROM auth.audit_log WHERE detail LIKE \(leaked + "%") ORDER BY id")
            #expect(try events.map { try $0.get(0, as: String.self) } == ["key_made", "key_retired"])
        }
    }

    @Test func aNextKeyThatIsRetiredLeavesTheOneThatSignsAndGetsASuccessor() async throws {
        try await AuthWorld.with { world in
            let ring = world.keyRing()
            let first = try await signer(ring)
            try await store(world).rotate()
            _ = try await signer(ring)
            let next = try #require(ring.keySet.keys.last?.id)
            #expect(try await store(world).retire(next))
            #expect(try await signer(ring) == first)
            #expect(ring.keySet.keys.count == 2 && !ring.keySet.keys.map(\.id).contains(next))
        }
    }
}
