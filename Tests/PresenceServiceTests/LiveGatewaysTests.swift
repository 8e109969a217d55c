import ChatProtocol
import Testing

@testable import PresenceService

@Suite("Which gateways a user's value names")
struct LiveGatewaysTests {
    private let a = InstanceID.make()
    private let b = InstanceID.make()

    @Test func aGatewayIsNamedWhileItsLeaseLives() {
        let live = LiveGateways(leases: [(a, 1001), (b, 1000)], now: 1000)
        #expect(live.named(in: "\(a):1 \(b):2") == [a])
    }

    @Test func aGatewayWithoutALeaseIsNotNamed() {
        #expect(LiveGateways(leases: [], now: 0).named(in: "\(a):1").isEmpty)
    }

    @Test func severalGatewaysAreNamedInTheirOrder() {
        let live = LiveGateways(leases: [(a, 10), (b, 10)], now: 1)
        #expect(live.named(in: "\(b):12 \(a):3") == [b, a])
    }

    @Test(arguments: ["", "@1732398240123", ":1", "x:1", " ", "0190f5e4:"])
    func whatIsNoConnectionNamesNone(value: String) {
        #expect(LiveGateways(leases: [(a, 10)], now: 1).named(in: value).isEmpty)
    }
}

@Suite("What the scripts say of a user")
struct PresenceMarkTests {
    private let user = UserID.make()

    @Test func marksAreStates() {
        #expect(PresenceMark.presence(of: user, "+") == Presence(user: user, state: .online, lastSeen: nil))
        #expect(PresenceMark.presence(of: user, "-") == Presence(user: user, state: .offline, lastSeen: nil))
        #expect(PresenceMark.presence(of: user, "?") == Presence(user: user, state: .unknown, lastSeen: nil))
    }

    @Test func aMomentIsWhenTheUserWasLastSeen() {
        let seen = Timestamp(milliseconds: 1_732_398_240_123)
        #expect(
            PresenceMark.presence(of: user, "@1732398240123") == Presence(user: user, state: .offline, lastSeen: seen))
    }

    @Test(arguments: ["", "@", "@x", "@-1", "+-"])
    func anythingElseIsNone(mark: String) {
        #expect(PresenceMark.presence(of: user, mark) == nil)
    }
}
