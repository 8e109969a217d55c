package import ChatProtocol

/// States of users for one gateway, in one request.
package struct PresencePush: Sendable, Equatable {
    package let gateway: InstanceID
    package let address: String
    package let states: [Presence]
}

/// What is to be pushed where: one push per gateway at a time, so that a slow gateway holds up nobody but itself, and
/// what comes meanwhile is gathered, the newest state of a user replacing an older one. A value that returns what is
/// to be sent.
struct PushQueue {
    /// States of one push.
    static let statesMax = 1000
    /// States that wait for one gateway; more are dropped.
    static let waitingMax = 20_000

    private struct Outbox {
        var address: String
        var waiting: [UserID: Presence] = [:]
    }

    /// Of gateways that a push is under way to.
    private var outboxes: [InstanceID: Outbox] = [:]

    /// - Returns: the push to start, if none is under way to this gateway.
    mutating func add(_ states: [Presence], for gateway: InstanceID, at address: String) -> PresencePush? {
        var outbox = outboxes[gateway] ?? Outbox(address: address)
        outbox.address = address
        for state in states where outbox.waiting.count < Self.waitingMax || outbox.waiting[state.user] != nil {
            outbox.waiting[state.user] = state
        }
        let isIdle = outboxes[gateway] == nil
        outboxes[gateway] = outbox
        return isIdle ? next(for: gateway) : nil
    }

    /// A push came to its end, well or not.
    /// - Returns: the next one to the same gateway.
    mutating func finished(_ push: PresencePush) -> PresencePush? { next(for: push.gateway) }

    private mutating func next(for gateway: InstanceID) -> PresencePush? {
        guard var outbox = outboxes[gateway], !outbox.waiting.isEmpty else {
            outboxes[gateway] = nil
            return nil
        }
        let states = outbox.waiting.values.prefix(Self.statesMax)
        for state in states { outbox.waiting[state.user] = nil }
        outboxes[gateway] = outbox
        return PresencePush(gateway: gateway, address: outbox.address, states: Array(states))
    }
}
