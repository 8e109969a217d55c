import ChatProtocol
import Testing

@testable import PresenceService

@Suite("What is pushed when")
struct PushQueueTests {
    private let gateway = InstanceID.make()
    private let address = "http://127.0.0.1:9103"

    private func online(_ user: UserID = .make()) -> Presence { Presence(user: user, state: .online, lastSeen: nil) }

    @Test func theFirstNewsIsPushedAtOnce() {
        var queue = PushQueue()
        let state = online()
        let push = queue.add([state], for: gateway, at: address)
        #expect(push == PresencePush(gateway: gateway, address: address, states: [state]))
    }

    @Test func whatComesDuringAPushIsGatheredAndTheNewestStateWins() throws {
        var queue = PushQueue()
        let user = UserID.make()
        let offline = Presence(user: user, state: .offline, lastSeen: .now)
        let started = queue.add([online()], for: gateway, at: address)
        let during = queue.add([online(user)], for: gateway, at: address)
        let later = queue.add([offline], for: gateway, at: "http://moved:1")
        let second = queue.finished(try #require(started))
        let end = queue.finished(try #require(second))
        #expect(during == nil && later == nil)
        #expect(second == PresencePush(gateway: gateway, address: "http://moved:1", states: [offline]))
        #expect(end == nil)
    }

    @Test func afterTheLastPushTheNextNewsStartsAgain() throws {
        var queue = PushQueue()
        let first = queue.add([online()], for: gateway, at: address)
        let end = queue.finished(try #require(first))
        let again = queue.add([online()], for: gateway, at: address)
        #expect(end == nil && again != nil)
    }

    @Test func oneGatewayDoesNotWaitForAnother() {
        var queue = PushQueue()
        let one = queue.add([online()], for: gateway, at: address)
        let other = queue.add([online()], for: .make(), at: address)
        #expect(one != nil && other != nil)
    }

    @Test func aPushAndWhatWaitsHaveLimits() {
        var queue = PushQueue()
        let many = (0..<PushQueue.waitingMax + 5000).map { _ in online() }
        var push = queue.add(many, for: gateway, at: address)
        var sizes: [Int] = []
        while let current = push {
            sizes.append(current.states.count)
            push = queue.finished(current)
        }
        #expect(sizes.allSatisfy { $0 == PushQueue.statesMax })
        #expect(sizes.reduce(0, +) == PushQueue.waitingMax)
    }
}

@Suite("Users whose change is yet to be told")
struct ChangedUsersTests {
    @Test func eachUserIsToldOnce() {
        var changed = ChangedUsers()
        let user = UserID.make()
        let forgotten = changed.add([user, user])
        let taken = changed.take(atMost: 10)
        let rest = changed.take(atMost: 10)
        #expect(forgotten == 0)
        #expect(taken == [user])
        #expect(rest.isEmpty)
    }

    @Test func beyondTheLimitOnlyKnownUsersFindRoom() {
        var changed = ChangedUsers()
        let users = (0..<ChangedUsers.usersMax).map { UserID(high: 1, low: UInt64($0)) }
        let first = changed.add(users)
        let second = changed.add([users[0], .make(), .make()])
        let taken = changed.take(atMost: 500)
        let third = changed.add([.make()])
        #expect([first, second, third] == [0, 2, 0])
        #expect(taken.count == 500)
    }
}
