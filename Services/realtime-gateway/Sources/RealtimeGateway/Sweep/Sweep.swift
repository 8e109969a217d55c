import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle
import StrictJSON
import Synchronization

/// The safety net that makes "no silent gap" true: every 2 s it asks message-service which chats have messages since
/// the last time, and tells the connections here of those that the fast path did not reach. Killed or frozen gateways,
/// cut links and lost registrations need nothing else.
final class Sweep: Service {
    private static let interval: Duration = .seconds(2)
    /// Before the first answer, and after a failure: a sweep that waited its whole time twice would be late.
    private static let intervalUntilAnswered: Duration = .milliseconds(250)
    /// How long a message that was just committed may still be on its way by the fast path.
    private static let grace: Duration = .milliseconds(300)

    private let messageService: ServiceClient
    private let registry: Registry
    private let isOn: Bool
    private let logger: Logger
    private let state = Mutex(SweepState())

    init(messageService: ServiceClient, registry: Registry, isOn: Bool, logger: Logger) {
        self.messageService = messageService
        self.registry = registry
        self.isOn = isOn
        self.logger = logger
    }

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
                let wasAnswered = await self.sweep()
                // Cancelled means stopping: the loop's condition sees it.
                try? await Task.sleep(for: wasAnswered ? Self.interval : Self.intervalUntilAnswered)
            }
        }
    }

    private func sweep() async -> Bool {
        let cursor = state.withLock { $0.cursor }
        do throws(ServiceCallError) {
            let answer: TipsAnswer = try await messageService.call(
                TipsRequest.path, body: TipsRequest(cursor: cursor), deadline: .after(.seconds(2)))
            let finding = state.withLock { $0.answered(answer) { registry.has($0) } }
            guard isOn else { return true }
            switch finding {
            case .nothing: break
            case .everything: registry.broadcast(Self.resyncAll)
            case .chats(let tips): await deliver(tips)
            }
            return true
        } catch {
            // The next sweep asks from the same cursor.
            GatewayMetrics.sweepFailures.increment()
            logger.warning("sweep failed", metadata: ["reason": "\(error)"])
            return false
        }
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
        GatewayMetrics.deliveredBySweep.increment(by: Int64(late.count))
    }

    private static let resyncAll = ByteBuffer(bytes: JSONWriter.encode(ServerFrame.resync(chats: nil)))
}
