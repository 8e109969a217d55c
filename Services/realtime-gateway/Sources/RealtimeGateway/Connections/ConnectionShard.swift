import ChatProtocol
import NIOCore
import Observability
import Synchronization
import Tokens

/// Names a connection of this gateway and the shard it lives on.
struct ConnectionRef: Hashable, Sendable {
    let id: ConnectionID
    let shard: Int
}

/// A frame for all connections here of some users.
struct LocalEvent: Sendable {
    let recipients: [UserID]
    let frame: ByteBuffer
    /// The connection it comes from, which gets none.
    let excluding: ConnectionID?

    /// The frames of events, each with the connection it comes from: one for each event, and one more for the hidden form
    /// of a message.
    static func all(of events: some Sequence<(Event, ConnectionID?)>) -> [LocalEvent] {
        var local: [LocalEvent] = []
        local.reserveCapacity(events.underestimatedCount)
        for (event, origin) in events {
            local.append(
                LocalEvent(recipients: event.recipients, frame: ByteBuffer(bytes: event.frame), excluding: origin))
            guard let hidden = event.hidden else { continue }
            local.append(
                LocalEvent(recipients: hidden.recipients, frame: ByteBuffer(bytes: hidden.frame), excluding: origin))
        }
        return local
    }
}

/// The connections of one event loop. Everything but ``execute(_:)`` must be called on that loop, which is what makes
/// the class safe to share.
final class ConnectionShard: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    private unowned let registry: Registry
    private var sessions: [ConnectionID: Session] = [:]
    private var byUser: [UserID: [Session]] = [:]

    init(index: Int, eventLoop: any EventLoop, registry: Registry) {
        self.index = index
        self.eventLoop = eventLoop
        self.registry = registry
    }

    /// Runs `body` on the shard's loop, at once if that is where the caller is.
    func execute(_ body: @escaping @Sendable (ConnectionShard) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }

    /// One timer for all connections of the loop, instead of one each.
    func startTicking() {
        eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            guard let self else { return }
            let now = NIODeadline.now()
            for session in Array(self.sessions.values) { session.tick(now: now) }
        }
    }

    // MARK: Connections

    func session(_ id: ConnectionID) -> Session? { sessions[id] }

    var all: [Session] { Array(sessions.values) }

    func opened(_ session: Session) {
        sessions[session.ref.id] = session
        registry.opened()
    }

    func register(_ session: Session, _ token: AccessToken) {
        byUser[token.user, default: []].append(session)
        registry.registered(session.ref, token)
    }

    func closed(_ session: Session) {
        guard sessions.removeValue(forKey: session.ref.id) != nil else { return }
        if let registration = session.registration { unregister(session, registration) }
        registry.closed()
    }

    private func unregister(_ session: Session, _ token: AccessToken) {
        byUser[token.user]?.removeAll { $0 === session }
        if byUser[token.user]?.isEmpty == true { byUser[token.user] = nil }
        registry.unregistered(session.ref, token)
    }

    // MARK: Delivery

    /// Writes single frames, then events, and flushes each connection once.
    func deliver(
        _ frames: [(ConnectionID, ByteBuffer)], _ events: [LocalEvent], committed: ContinuousClock.Instant?
    ) {
        var touched: [Session] = []
        for (id, frame) in frames {
            guard let session = sessions[id] else { continue }
            session.write(frame)
            touched.append(session)
        }
        for event in events {
            for user in event.recipients {
                for session in byUser[user] ?? [] where session.ref.id != event.excluding {
                    session.write(event.frame)
                    touched.append(session)
                }
            }
        }
        for session in touched { session.flush() }
        if let committed, !events.isEmpty { GatewayMetrics.shared.deliveredHere.record(since: committed) }
    }

    func close(_ sessions: Set<SessionID>, _ code: CloseCode) {
        for session in all where session.token.map({ sessions.contains($0.session) }) == true { session.close(code) }
    }
}
