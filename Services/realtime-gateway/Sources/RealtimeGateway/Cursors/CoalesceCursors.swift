import ChatProtocol
import ClientThread
import CoreMetrics
import Logging
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Gathers cursor frames for 250 ms, keeps the highest of each member and chat, and has message-service raise them.
/// What rose is shown to the members' other connections. A cursor that is lost is sent again by the client after a
/// sync that shows less.
final class CoalesceCursors: Service {
    private static let interval: Duration = .milliseconds(250)
    /// Cursors that may wait; more are dropped.
    private static let waitingMax = 20_000
    private static let batchMax = 1024

    private struct Key: Hashable {
        let chat: ChatHash
        let user: UserID
    }

    private struct Waiting {
        var delivered: Int64
        var read: Int64
        /// The connection it came from, which need not be told; nil if there were several.
        var origin: ConnectionRef?
    }

    private let messageService: ServiceClient
    private let publish: @Sendable (Event, ConnectionRef?) -> Void
    private let logger: Logger
    private let waiting = Mutex<[Key: Waiting]>([:])

    init(
        messageService: ServiceClient, logger: Logger,
        publish: @escaping @Sendable (Event, ConnectionRef?) -> Void
    ) {
        self.messageService = messageService
        self.logger = logger
        self.publish = publish
    }

    func add(_ entry: RaiseCursorsRequest.Entry, from origin: ConnectionRef) {
        waiting.withLock { waiting in
            let key = Key(chat: entry.chat, user: entry.user)
            guard var known = waiting[key] else {
                guard waiting.count < Self.waitingMax else { return GatewayMetrics.shared.cursorsDropped.increment() }
                waiting[key] = Waiting(delivered: entry.delivered, read: entry.read, origin: origin)
                return
            }
            known.delivered = max(known.delivered, entry.delivered)
            known.read = max(known.read, entry.read)
            if known.origin != origin { known.origin = nil }
            waiting[key] = known
        }
    }

    func run() async throws {
        try await Repeating(every: Self.interval) { await self.flush() }.run()
    }

    private func flush() async {
        let all = waiting.withLock { waiting in
            defer { waiting = [:] }
            return waiting
        }
        var rest = Array(all)[...]
        while !rest.isEmpty {
            await raise(Dictionary(uniqueKeysWithValues: rest.prefix(Self.batchMax).map { ($0.key, $0.value) }))
            rest = rest.dropFirst(Self.batchMax)
        }
    }

    private func raise(_ batch: [Key: Waiting]) async {
        let entries = batch.map { key, value in
            RaiseCursorsRequest.Entry(chat: key.chat, user: key.user, delivered: value.delivered, read: value.read)
        }
        do throws(ServiceCallError) {
            let answer: RaiseCursorsAnswer = try await messageService.call(
                RaiseCursorsRequest.path, body: RaiseCursorsRequest(entries: entries), deadline: .after(.seconds(2)))
            for raised in answer.raised {
                let frame = ServerFrame.cursor(
                    chat: raised.chat, user: raised.user, delivered: raised.delivered, read: raised.read)
                publish(
                    Event(recipients: raised.members, frame: frame),
                    batch[Key(chat: raised.chat, user: raised.user)]?.origin)
            }
        } catch {
            logger.warning("cursors not raised", metadata: ["cursors": "\(entries.count)", "reason": "\(error)"])
        }
    }
}
