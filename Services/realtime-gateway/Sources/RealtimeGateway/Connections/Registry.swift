import ChatProtocol
import CoreMetrics
import NIOCore
import ServiceKit
import Synchronization
import Tokens

/// All connections of this gateway, over its shards.
final class Registry: Sendable {
    private struct State {
        /// How many connections each user has here, by shard.
        var users: [UserID: [Int32]] = [:]
        var bySession: [SessionID: [ConnectionRef]] = [:]
    }

    private static let crowd = 500

    private let state = Mutex(State())
    private let openCount = Atomic<Int>(0)
    private let registeredCount = Atomic<Int>(0)
    /// Connections that came or went since ``releaseMemory()`` last did something.
    private let turnover = Atomic<Int>(0)
    private let shardBox = Mutex<[ConnectionShard]>([])
    /// A user without a connection.
    private let nowhere: [Int32]
    private let isBounded: Bool
    /// Told of every registered connection that ends.
    let onUnregistered: @Sendable (ConnectionRef) -> Void

    init(
        loops: any EventLoopGroup, isBounded: Bool, onUnregistered: @escaping @Sendable (ConnectionRef) -> Void
    ) {
        self.isBounded = isBounded
        self.onUnregistered = onUnregistered
        nowhere = loops.makeIterator().map { _ in 0 }
        let shards = loops.makeIterator().enumerated().map { index, loop in
            ConnectionShard(index: index, eventLoop: loop, registry: self)
        }
        shardBox.withLock { $0 = shards }
        for shard in shards { shard.execute { $0.startTicking() } }
    }

    var shards: [ConnectionShard] { shardBox.withLock { $0 } }

    /// The shard of a channel's event loop.
    func shard(of loop: any EventLoop) -> ConnectionShard? { shards.first { $0.eventLoop === loop } }

    var connectionCount: Int { openCount.load(ordering: .relaxed) }
    var signedInCount: Int { registeredCount.load(ordering: .relaxed) }

    func has(_ user: UserID) -> Bool { state.withLock { $0.users[user] != nil } }

    /// A crowd that connects needs twice the memory that it keeps, and one that leaves keeps none.
    func releaseMemory() {
        guard turnover.load(ordering: .relaxed) >= Self.crowd else { return }
        turnover.store(0, ordering: .relaxed)
        ProcessMemory.release()
    }

    // MARK: Kept by the shards

    func opened() {
        turnover.wrappingAdd(1, ordering: .relaxed)
        GatewayMetrics.shared.connections.set(openCount.wrappingAdd(1, ordering: .relaxed).newValue)
        GatewayMetrics.shared.opened.increment()
    }

    func closed() {
        turnover.wrappingAdd(1, ordering: .relaxed)
        GatewayMetrics.shared.connections.set(openCount.wrappingSubtract(1, ordering: .relaxed).newValue)
    }

    func registered(_ ref: ConnectionRef, _ token: AccessToken) {
        registeredCount.wrappingAdd(1, ordering: .relaxed)
        let surplus = state.withLock { state -> (ref: ConnectionRef, code: CloseCode)? in
            state.users[token.user, default: nowhere][ref.shard] += 1
            state.bySession[token.session, default: []].append(ref)
            guard isBounded else { return nil }
            let refs = state.bySession[token.session] ?? []
            if refs.count > ConnectionLimits.connectionsPerSessionMax, let oldest = refs.first {
                return (oldest, .replaced)
            }
            let ofUser = state.users[token.user, default: nowhere].reduce(0, +)
            return ofUser > ConnectionLimits.connectionsPerUserMax ? (ref, .rateLimited) : nil
        }
        guard let surplus else { return }
        shards[surplus.ref.shard].execute { $0.session(surplus.ref.id)?.close(surplus.code) }
    }

    func unregistered(_ ref: ConnectionRef, _ token: AccessToken) {
        registeredCount.wrappingSubtract(1, ordering: .relaxed)
        state.withLock { state in
            state.users[token.user]?[ref.shard] -= 1
            if state.users[token.user] == nowhere { state.users[token.user] = nil }
            state.bySession[token.session]?.removeAll { $0 == ref }
            if state.bySession[token.session]?.isEmpty == true { state.bySession[token.session] = nil }
        }
        onUnregistered(ref)
    }

    // MARK: Delivery

    /// Writes frames to single connections and events to all connections of their users, one hop per shard that has
    /// any.
    /// - Parameter committed: when the oldest of the events was known to be committed, to measure the delivery by.
    func deliver(
        _ frames: [(ConnectionRef, ByteBuffer)] = [], events: [LocalEvent] = [],
        committed: ContinuousClock.Instant? = nil
    ) {
        let shards = shards
        var framesOf = [[(ConnectionID, ByteBuffer)]](repeating: [], count: shards.count)
        var eventsOf = [[LocalEvent]](repeating: [], count: shards.count)
        for (ref, frame) in frames { framesOf[ref.shard].append((ref.id, frame)) }
        state.withLock { state in
            for event in events {
                let counts = event.recipients.compactMap { state.users[$0] }
                for index in shards.indices where counts.contains(where: { $0[index] > 0 }) {
                    eventsOf[index].append(event)
                }
            }
        }
        for (shard, (frames, events)) in zip(shards, zip(framesOf, eventsOf)) where !frames.isEmpty || !events.isEmpty {
            shard.execute { $0.deliver(frames, events, committed: committed) }
        }
    }

    /// Writes one frame to everybody who is signed in.
    func broadcast(_ frame: ByteBuffer) {
        for shard in shards {
            shard.execute { shard in
                for session in shard.all where session.token != nil {
                    session.write(frame)
                    session.flush()
                }
            }
        }
    }

    /// Closes every connection of these sessions.
    func close(_ sessions: [SessionID], _ code: CloseCode) {
        let refs = state.withLock { state in sessions.flatMap { state.bySession[$0] ?? [] } }
        for ref in refs { shards[ref.shard].execute { shard in shard.session(ref.id)?.close(code) } }
    }
}
