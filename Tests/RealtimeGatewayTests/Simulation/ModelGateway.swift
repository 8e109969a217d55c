import ChatProtocol

@testable import RealtimeGateway

/// One run of one gateway: its sockets, and the product's own state of the sweep.
final class ModelGateway {
    var state = SweepState()
    var sockets: [ModelClient] = []
    /// Rises whenever it begins to freeze, so that one can see whether it did in between.
    private(set) var freezes = 0
    private(set) var isFrozen = false
    private(set) var isUp = true
    private var deferred: [() -> Void] = []

    var accepts: Bool { isUp && state.cursor != nil }

    func has(_ user: UserID) -> Bool { sockets.contains { $0.user == user } }

    /// Does something now, after waking up, or never.
    func perform(_ work: @escaping () -> Void) {
        guard isUp else { return }
        if isFrozen { deferred.append(work) } else { work() }
    }

    func freeze() {
        freezes += 1
        isFrozen = true
    }

    func thaw() {
        isFrozen = false
        let work = deferred
        deferred = []
        for one in work { perform(one) }
    }

    func kill() {
        isUp = false
        deferred = []
        for socket in sockets { socket.lost(self) }
        sockets = []
    }

    /// Writes a message to the sockets of its members, and notes it.
    func handOn(_ tip: Tip) {
        for socket in sockets where tip.members.contains(socket.user) {
            socket.received(tip.chat, tip.lastSeq, from: self)
        }
        state.handedOn([EventTip(chat: tip.chat, seq: tip.lastSeq)])
    }
}
