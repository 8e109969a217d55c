import ChatProtocol

/// A device that keeps the client's rules of docs/protocol.md: sync after welcome, show in order, fetch a hole that
/// lasts, believe a `resync`.
final class ModelClient {
    let user: UserID
    private(set) var gateway: ModelGateway?
    /// Counts connections, so that one can see whether it is still the same.
    private(set) var connection = 0
    /// Since the first sync of this connection was done.
    private(set) var isLive = false
    private var cursor: String?
    private(set) var epoch = ""
    private(set) var shown: [ChatHash: Int64] = [:]
    /// What the chats are known to reach: stored with the cursor, for a fetch may fail after the sync.
    private var known: [ChatHash: Int64] = [:]
    private var waiting: [ChatHash: Set<Int64>] = [:]
    private unowned let world: DeliverySimulation

    init(user: UserID, world: DeliverySimulation) {
        self.user = user
        self.world = world
    }

    // MARK: Connecting

    func connect() {
        guard gateway == nil else { return }
        guard let next = world.gateways.filter({ $0.accepts && !$0.isFrozen }).randomElement(using: &world.random)
        else {
            return world.time.after(300) { self.connect() }
        }
        connection += 1
        let number = connection
        gateway = next
        let welcome = { [self] in
            guard connection == number else { return }
            if !world.faults.contains(.syncBeforeWelcome) { sync() }
        }
        if world.faults.contains(.syncBeforeWelcome) { sync() }
        // The registry first, the welcome after it.
        let registers = world.faults.contains(.syncBeforeWelcome) ? world.delay() : 0
        world.time.after(registers) { [self] in
            guard connection == number else { return }
            guard next.isUp else { return lost(next) }
            next.sockets.append(self)
            world.time.after(world.delay(), welcome)
        }
    }

    func lost(_ gateway: ModelGateway) {
        guard gateway === self.gateway else { return }
        self.gateway = nil
        connection += 1
        isLive = false
        world.time.after(world.delay() + 500) { self.connect() }
    }

    /// The socket of a frozen gateway: left behind when no pong comes.
    func leave() {
        guard let gateway else { return }
        gateway.sockets.removeAll { $0 === self }
        lost(gateway)
    }

    private func sync() {
        let number = connection
        world.time.after(world.delay()) { [self] in
            guard connection == number else { return }
            let answer = world.database.tips(since: cursor, firstGetsAll: true)
            world.time.after(world.delay()) { [self] in
                guard connection == number else { return }
                guard answer.epoch == epoch else {
                    // Whatever was dropped as a repeat until now may have been new: only a sync begun after forgetting
                    // has it.
                    (shown, known, waiting, cursor, epoch) = ([:], [:], [:], nil, answer.epoch)
                    return sync()
                }
                cursor = answer.next
                isLive = true
                for tip in answer.tips where tip.members.contains(user) { heard(of: tip) }
                for chat in Set(waiting.keys).union(known.keys).sorted() { fetchMissing(chat) }
            }
        }
    }

    // MARK: Showing

    func received(_ chat: ChatHash, _ seq: Int64, from gateway: ModelGateway) {
        guard gateway === self.gateway, seq > shown[chat, default: 0] else { return }
        waiting[chat, default: []].insert(seq)
        showWhatFits(chat)
        if waiting[chat] != nil { world.time.after(250) { self.fetch(chat) } }
    }

    func resync(_ chats: [Tip]?, from gateway: ModelGateway) {
        guard gateway === self.gateway else { return }
        guard let chats else { return sync() }
        for tip in chats where tip.members.contains(user) { heard(of: tip) }
    }

    private func heard(of tip: Tip) {
        known[tip.chat] = max(known[tip.chat, default: 0], tip.lastSeq)
        if isLive { fetchMissing(tip.chat) }
    }

    private func fetchMissing(_ chat: ChatHash) {
        if waiting[chat] != nil || known[chat, default: 0] > shown[chat, default: 0] { fetch(chat) }
    }

    private func fetch(_ chat: ChatHash) {
        guard isLive else { return }
        let number = connection
        world.time.after(world.delay()) { [self] in
            let last = world.database.lastSeq(chat)
            let from = epoch
            world.time.after(world.delay()) { [self] in
                guard connection == number, from == epoch else { return }
                shown[chat] = max(shown[chat, default: 0], last)
                showWhatFits(chat)
            }
        }
    }

    private func showWhatFits(_ chat: ChatHash) {
        while waiting[chat]?.remove(shown[chat, default: 0] + 1) != nil { shown[chat, default: 0] += 1 }
        let rest = (waiting[chat] ?? []).filter { $0 > shown[chat, default: 0] }
        waiting[chat] = rest.isEmpty ? nil : rest
    }
}
