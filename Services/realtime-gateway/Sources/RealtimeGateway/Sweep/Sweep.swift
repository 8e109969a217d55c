import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import NIOCore
import Observability
import ServiceKit
import ServiceLifecycle
import StrictJSON
import Synchronization

/// The safety net that makes "no silent gap" true: every 2 s it asks message-service which chats have messages since
/// the last time, and tells the connections here of those that the fast path did not reach. Killed or frozen gateways,
/// cut links and lost registrations need nothing else.
///
/// If message-service does not answer, a peer is asked to ask it: the link between it and this gateway may be the only
/// thing that is broken. A gateway to which that happens again and again sends its clients elsewhere.
final class Sweep: Service {
    private static let interval: Duration = .seconds(2)
    /// Before the first answer, and after a failure: a sweep that waited its whole time twice would be late.
    private static let intervalUntilAnswered: Duration = .milliseconds(250)
    /// How long a message that was just committed may still be on its way by the fast path.
    private static let grace: Duration = .milliseconds(300)

    private static let patience: Duration = .seconds(2)
    private static let patienceWithPeer: Duration = .seconds(1)
    /// Peers that are asked after a failure.
    private static let peersMax = 2

    private let messageService: ServiceClient
    private let peers: PeerDirectory
    private let registry: Registry
    private let isOn: Bool
    private let logger: Logger
    private let state = Mutex(SweepState())
    private let isolation = Mutex(IsolationState())
    private let onIsolated: @Sendable () -> Void
    private let onBlocks: @Sendable ([BlockChange]?) -> Void

    /// - Parameters:
    ///   - onIsolated: called when this gateway alone cannot reach message-service.
    ///   - onBlocks: called with the blocks that changed; with nil where the history is another one.
    init(
        messageService: ServiceClient, peers: PeerDirectory, registry: Registry, isOn: Bool, logger: Logger,
        onIsolated: @escaping @Sendable () -> Void, onBlocks: @escaping @Sendable ([BlockChange]?) -> Void
    ) {
        self.messageService = messageService
        self.peers = peers
        self.registry = registry
        self.isOn = isOn
        self.logger = logger
        self.onIsolated = onIsolated
        self.onBlocks = onBlocks
    }

    /// Whether this gateway alone cannot reach message-service.
    var isIsolated: Bool { isolation.withLock { $0.isIsolated } }

    /// Whether there is a first cursor. No socket is accepted before, so that nothing can fall between.
    var hasCursor: Bool { state.withLock { $0.cursor != nil } }

    /// Names the history, for `welcome`.
    var epoch: String { state.withLock { $0.epoch } }

    /// Notes that a message was handed to the connections here.
    func delivered(_ tips: [EventTip]) {
        state.withLock { $0.handedOn(tips) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let wasAnswered = await TraceContext.$current.withValue(.make(), operation: self.sweep)
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: wasAnswered ? Self.interval : Self.intervalUntilAnswered)
            }
        }
    }

    private func sweep() async -> Bool {
        let start = ContinuousClock.now
        let answer = await ask(TipsRequest(cursor: state.withLock { $0.cursor }))
        GatewayMetrics.shared.sweepTime.record(since: start)
        guard let answer else { return false }
        GatewayMetrics.shared.sweptAt.set(Timestamp.now.seconds)
        let epochBefore = epoch
        let finding = state.withLock { $0.answered(answer) { registry.has($0) } }
        if epochBefore != answer.epoch {
            onBlocks(nil)
        } else if !answer.blocks.isEmpty {
            onBlocks(answer.blocks)
        }
        guard isOn else { return true }
        switch finding {
        case .nothing: break
        case .everything:
            GatewayMetrics.shared.resyncs.increment("everything")
            registry.broadcast(Self.resyncAll)
        case .chats(let tips): await deliver(tips)
        }
        return true
    }

    /// The answer of message-service, by way of a peer if need be; nil if there is none. Then the next sweep asks from
    /// the same cursor.
    private func ask(_ request: TipsRequest) async -> TipsAnswer? {
        do throws(ServiceCallError) {
            let answer = try await tips(request, within: Self.patience)
            note(.directly)
            return answer
        } catch {
            GatewayMetrics.shared.sweepFailures.increment()
            logger.warning("sweep failed", metadata: ["reason": "\(error)"])
        }
        for peer in peers.all.shuffled().prefix(Self.peersMax) {
            guard let answer = await peer.tips(request, within: Self.patienceWithPeer) else { continue }
            note(.byPeer)
            return answer
        }
        note(.notAtAll)
        return nil
    }

    private func note(_ answered: IsolationState.Answered) {
        guard isolation.withLock({ $0.swept(answered) }) else { return }
        logger.error("only other gateways reach message-service: sending the clients to them")
        onIsolated()
    }

    /// Asks message-service, for this gateway's sweep or for a peer's.
    func tips(_ request: TipsRequest, within patience: Duration = patienceWithPeer) async throws(ServiceCallError)
        -> TipsAnswer
    {
        try await messageService.call(TipsRequest.path, body: request, deadline: .after(patience))
    }

    private func deliver(_ tips: [Tip]) async {
        // Cancelled means stopping, and then the clients are sent elsewhere anyway.
        try? await Task.sleep(for: Self.grace)
        var byUser: [UserID: [ServerFrame.ResyncChat]] = [:]
        let late = state.withLock { $0.missing(tips) }
        for tip in late {
            for user in tip.members where registry.has(user) {
                byUser[user, default: []].append(.init(chat: tip.chat, lastSeq: tip.lastSeq))
            }
        }
        let events = byUser.map { user, chats in
            let frame = ServerFrame.resync(chats: chats.count <= Limits.resyncChatsMax ? chats : nil)
            return LocalEvent(
                recipients: [user], frame: ByteBuffer(bytes: JSONWriter.encode(frame)), excluding: nil)
        }
        registry.deliver(events: events)
        delivered(late.map { EventTip(chat: $0.chat, seq: $0.lastSeq) })
        GatewayMetrics.shared.resyncs.increment("chats", by: events.count)
        GatewayMetrics.shared.deliveredBySweep.increment(by: Int64(late.count))
    }

    private static let resyncAll = ByteBuffer(bytes: JSONWriter.encode(ServerFrame.resync(chats: nil)))
}
