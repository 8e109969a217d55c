import ChatProtocol
import Support

@testable import RealtimeGateway

/// Gateways, devices and a database under random faults in virtual time: does every connected device show every
/// message within 10 s of its commit, and everything in the end?
final class DeliverySimulation {
    /// Safeguards taken away, to show that the simulation notices.
    enum MissingSafeguard: CaseIterable {
        case syncBeforeWelcome
        case noSweep
        case sweepIgnoresRunningTransactions
        case failedSweepMovesOn
        case socketsBeforeFirstCursor
    }

    static let promise = 10_000
    private static let chaos = 60_000
    private static let healing = 45_000

    let time = VirtualTime()
    var random: SeededGenerator
    let faults: Set<MissingSafeguard>
    private(set) var database: ModelDatabase
    private(set) var gateways: [ModelGateway] = []
    private var clients: [ModelClient] = []
    private let members: [ChatHash: [UserID]]
    private var isHealing = false
    private(set) var failures: [String] = []

    init(seed: UInt64, without faults: Set<MissingSafeguard> = []) {
        random = SeededGenerator(seed: seed)
        self.faults = faults
        let users = (0..<3).map { _ in UserID.make() }
        // Many chats, so that most of them are quiet: in a busy one the next message shows that one is missing.
        members = Dictionary(
            uniqueKeysWithValues: (0..<12).map {
                (ChatHash(high: 0, low: $0), [users[Int($0) % 2], users[2 - Int($0) % 2]])
            })
        database = ModelDatabase(
            time: time, members: members, ignoresRunning: faults.contains(.sweepIgnoresRunningTransactions))
        for _ in 0..<3 { start() }
        for user in users + [users[1]] {
            let client = ModelClient(user: user, world: self)
            clients.append(client)
            time.after(between(0, 3000)) { client.connect() }
        }
    }

    func run() -> [String] {
        planSend()
        planFault()
        time.run(until: Self.chaos)
        isHealing = true
        for gateway in gateways where gateway.isFrozen { gateway.thaw() }
        time.run(until: Self.chaos + Self.healing)
        for client in clients { checkComplete(client) }
        return failures
    }

    /// Milliseconds on the way: mostly few, sometimes many.
    func delay() -> Int { !isHealing && random.happens(5) ? between(100, 900) : between(1, 40) }

    private func between(_ low: Int, _ high: Int) -> Int { Int.random(in: low...high, using: &random) }

    // MARK: Messages

    private func planSend() {
        time.after(between(20, 1500)) { [self] in
            guard !isHealing else { return }
            planSend()
            guard let chat = members.keys.sorted().randomElement(using: &random),
                let gateway = gateways.filter({ $0.accepts && !$0.isFrozen }).randomElement(using: &random)
            else { return }
            // A commit may take long, as behind a slow disk or a standby.
            let duration = random.happens(15) ? between(500, 4500) : between(1, 30)
            database.append(to: chat, duration: duration) { seq in
                self.committed(Tip(chat: chat, lastSeq: seq, members: self.members[chat] ?? []), by: gateway)
            }
        }
    }

    private func committed(_ tip: Tip, by gateway: ModelGateway) {
        promise(tip)
        let epoch = database.epoch
        // Whatever happens to this gateway before the answer arrives, the message is there.
        time.after(delay()) { [self] in
            gateway.perform { [self] in
                guard epoch == database.epoch else { return }
                gateway.handOn(tip)
                for peer in gateways where peer !== gateway && peer.isUp && !random.happens(15) {
                    time.after(random.happens(5) ? between(1000, 7000) : delay()) { [self] in
                        // What a restored database forgot may still be shown where it was on its way: a fail-over to
                        // a standby that lags behind breaks the first promise, and this with it.
                        peer.perform { if epoch == self.database.epoch { peer.handOn(tip) } }
                    }
                }
            }
        }
    }

    /// Every device that is live now, and stays so, shows the message in time; just after a restore, in the end.
    private func promise(_ tip: Tip) {
        let epoch = database.epoch
        for client in clients where tip.members.contains(client.user) && client.isLive && client.epoch == "e\(epoch)" {
            guard let gateway = client.gateway, !gateway.isFrozen else { continue }
            let (connection, freezes) = (client.connection, gateway.freezes)
            time.after(Self.promise) { [self] in
                guard client.connection == connection, gateway.freezes == freezes, database.epoch == epoch,
                    client.shown[tip.chat, default: 0] < tip.lastSeq
                else { return }
                failures.append("at \(time.now) ms: \(tip.chat) \(tip.lastSeq) was committed 10 s ago and is not shown")
            }
        }
    }

    private func checkComplete(_ client: ModelClient) {
        for (chat, users) in members where users.contains(client.user) {
            let (shown, last) = (client.shown[chat, default: 0], database.lastSeq(chat))
            if shown != last { failures.append("in the end \(shown) of \(last) messages of \(chat) are shown") }
        }
    }

    // MARK: Gateways

    private func start() {
        let gateway = ModelGateway()
        gateways.append(gateway)
        if faults.contains(.socketsBeforeFirstCursor) {
            // As if a first cursor were there, that knows everything committed until it is taken.
            _ = gateway.state.answered(TipsAnswer(tips: [], next: "", epoch: "", overflow: false)) { _ in false }
        }
        sweep(gateway, mayFail: true)
    }

    /// As Sweep.swift does it, with answers that may be late or lost, never twice in a row.
    private func sweep(_ gateway: ModelGateway, mayFail: Bool) {
        guard gateway.isUp else { return }
        let again = { [self] (wasAnswered: Bool) in
            time.after(wasAnswered && gateway.state.cursor != nil ? 2000 : 250) {
                gateway.perform { self.sweep(gateway, mayFail: wasAnswered) }
            }
        }
        if !isHealing && mayFail && random.happens(20) {
            if faults.contains(.failedSweepMovesOn) {
                let answer = database.tips(since: gateway.state.cursor, firstGetsAll: false)
                _ = gateway.state.answered(tips(answer, empty: true)) { _ in false }
            }
            return time.after(2000) { gateway.perform { again(false) } }
        }
        time.after(delay()) { [self] in
            let answer = database.tips(since: gateway.state.cursor, firstGetsAll: false)
            time.after(delay()) { [self] in
                gateway.perform { [self] in
                    find(gateway, tips(answer, empty: false))
                    again(true)
                }
            }
        }
    }

    private func tips(_ answer: (tips: [Tip], next: String, epoch: String), empty: Bool) -> TipsAnswer {
        TipsAnswer(tips: empty ? [] : answer.tips, next: answer.next, epoch: answer.epoch, overflow: false)
    }

    private func find(_ gateway: ModelGateway, _ answer: TipsAnswer) {
        let finding = gateway.state.answered(answer) { gateway.has($0) }
        if faults.contains(.noSweep) { return }
        switch finding {
        case .nothing: return
        case .everything: for socket in gateway.sockets { tell(socket, nil, gateway) }
        case .chats(let chats):
            time.after(300) { [self] in
                gateway.perform { [self] in
                    let late = gateway.state.missing(chats)
                    for socket in gateway.sockets { tell(socket, late, gateway) }
                    gateway.state.handedOn(late.map { EventTip(chat: $0.chat, seq: $0.lastSeq) })
                }
            }
        }
    }

    private func tell(_ socket: ModelClient, _ chats: [Tip]?, _ gateway: ModelGateway) {
        time.after(delay()) { socket.resync(chats, from: gateway) }
    }

    // MARK: Faults

    private func planFault() {
        time.after(between(500, 9000)) { [self] in
            guard !isHealing else { return }
            planFault()
            guard let gateway = gateways.filter(\.isUp).randomElement(using: &random) else { return }
            switch between(0, 9) {
            case 0...3: kill(gateway)
            case 4...5: freeze(gateway)
            case 6...7: clients.randomElement(using: &random)?.leave()
            default: database.restore(forgetting: between(0, 5))
            }
        }
    }

    private func kill(_ gateway: ModelGateway) {
        gateway.kill()
        gateways.removeAll { $0 === gateway }
        time.after(between(200, 6000)) { self.start() }
    }

    private func freeze(_ gateway: ModelGateway) {
        guard !gateway.isFrozen else { return }
        gateway.freeze()
        let stuck = gateway.sockets
        time.after(25_000) {
            guard gateway.isFrozen, gateway.isUp else { return }
            for socket in stuck where socket.gateway === gateway { socket.leave() }
        }
        time.after(between(500, 30_000)) { if gateway.isFrozen { gateway.thaw() } }
    }
}
