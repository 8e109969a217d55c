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

/// Everything the gateway has to do with presence-service: its lease, the registration of its connections, and what
/// its clients watch. Nothing a promise needs waits for any of it.
final class PresenceLink: Service {
    /// How long a welcome waits for the registration.
    static let registrationPatience: TimeAmount = .milliseconds(200)
    private static let heartbeatInterval: Duration = .seconds(3)
    /// How often everything watched is asked for again, which mends what was lost.
    private static let rewatchInterval: Duration = .seconds(30)
    private static let watchBatchMax = 1000

    private struct State {
        var stream: RegistrationStream
        var refs: [ConnectionID: ConnectionRef] = [:]
        var watching = WatchTable()
        var unwatched: [UserID] = []
        var wasUp = true
    }

    private let instance: InstanceID
    private let address: String
    private let presence: ServiceClient
    private let messageService: ServiceClient
    private let registry: Registry
    private let peers: PeerDirectory
    private let blocks: RecentBlocks
    private let logger: Logger
    private let state: Mutex<State>
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    init(
        instance: InstanceID, address: String, presence: ServiceClient, messageService: ServiceClient,
        registry: Registry, peers: PeerDirectory, blocks: RecentBlocks, logger: Logger
    ) {
        self.instance = instance
        self.address = address
        self.presence = presence
        self.messageService = messageService
        self.registry = registry
        self.peers = peers
        self.blocks = blocks
        self.logger = logger
        state = Mutex(State(stream: RegistrationStream(instance: instance)))
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await Self.repeating(every: Self.heartbeatInterval) { await self.heartbeat() } }
                group.addTask { await Self.repeating(every: Self.rewatchInterval) { await self.watchAll() } }
                group.addTask {
                    await Self.repeating(every: .milliseconds(250)) {
                        await self.followHealth()
                        self.tell(self.state.withLock { $0.watching.tick(now: .now) })
                    }
                }
                group.addTask { for await _ in self.wake { await self.sendBatches() } }
            }
        }
    }

    /// Gives lease and connections back.
    func goodbye() async {
        do throws(ServiceCallError) {
            let _: Done = try await presence.call(
                GoodbyeRequest.path, body: GoodbyeRequest(instance: instance), deadline: .after(.milliseconds(500)))
        } catch {
            logger.info("presence-service was not told; the lease runs out by itself", metadata: ["reason": "\(error)"])
        }
    }

    private static func repeating(every pause: Duration, _ work: () async -> Void) async {
        while !Task.isCancelled {
            await TraceContext.$current.withValue(.make(), operation: work)
            // Cancelled means stopping: the loop's condition sees it.
            try? await Task.sleep(for: pause)
        }
    }

    // MARK: Lease and connections

    private func heartbeat() async {
        do throws(ServiceCallError) {
            let answer: HeartbeatAnswer = try await presence.call(
                HeartbeatRequest.path,
                body: HeartbeatRequest(instance: instance, service: "realtime-gateway", address: address),
                deadline: .after(.seconds(2)))
            GatewayMetrics.shared.leaseRenewedAt.set(Timestamp.now.seconds)
            for peer in peers.update(answer.instances) { await peer.greet() }
            let isForgotten = state.withLock { $0.stream.heard(applied: answer.applied) }
            wakeUp.yield()
            if isForgotten { await watchAll() }
        } catch {
            GatewayMetrics.shared.heartbeatFailures.increment()
            logger.debug("no heartbeat", metadata: ["reason": "\(error)"])
        }
    }

    /// Notes a new connection; its shard is told once presence-service knows it.
    func opened(_ connection: ConnectionsRequest.Opened, on ref: ConnectionRef) {
        state.withLock { state in
            state.refs[ref.id] = ref
            state.stream.open(connection)
        }
        if presence.isUp { wakeUp.yield() } else { tellRegistered([ref]) }
    }

    func closed(_ ref: ConnectionRef) {
        state.withLock { state in
            state.refs[ref.id] = nil
            state.stream.close(ref.id)
            state.unwatched += state.watching.stop(ref)
        }
        wakeUp.yield()
    }

    private func sendBatches() async {
        var wasForgotten = false
        while presence.isUp, let batch = state.withLock({ $0.stream.nextBatch() }) {
            do throws(ServiceCallError) {
                let answer: ConnectionsAnswer = try await presence.call(
                    ConnectionsRequest.path, body: batch, deadline: .after(.seconds(2)))
                let known = state.withLock { state in
                    state.stream.answered(applied: answer.applied)?.compactMap { state.refs[$0] }
                }
                if let known {
                    tellRegistered(known)
                } else {
                    // Redis came back empty: lease and watched users are gone as well.
                    wasForgotten = true
                    await heartbeat()
                }
            } catch {
                state.withLock { $0.stream.failed() }
                logger.warning("connections not registered", metadata: ["reason": "\(error)"])
                // The next heartbeat wakes this loop again.
                return
            }
        }
        if wasForgotten { await watchAll() }
    }

    private func tellRegistered(_ refs: [ConnectionRef]) {
        for shard in registry.shards {
            let own = refs.filter { $0.shard == shard.index }
            if own.isEmpty { continue }
            shard.execute { shard in for ref in own { shard.session(ref.id)?.registered() } }
        }
    }

    // MARK: Watching

    /// Replaces whom a connection watches, and tells it the present state of each.
    func watch(_ users: [UserID], for ref: ConnectionRef, user: UserID) async {
        let answer = await visible(to: user, among: users)
        let visible = answer.users
        let unknown = state.withLock { state -> [UserID] in
            // The connection may have ended while message-service was asked.
            guard state.refs[ref.id] != nil else { return [] }
            let answered = Dictionary(answer.blocked.map { ($0.user, $0.since) }) { first, _ in first }
            var blocked: [UserID: Timestamp] = [:]
            for other in visible { blocked[other] = blocks.since(user, other, answer: answered[other]) }
            state.unwatched += state.watching.replace(ref, of: user, visible, blocked: blocked)
            return visible.filter { state.watching.isUnknown($0) }
        }
        await ask(for: unknown)
        let states = state.withLock { state in
            users.map { state.watching.shown($0, to: ref, now: .now) ?? .unknown($0) }
        }
        let shown = Set(visible)
        registry.deliver(
            states.map { presence in
                let told = shown.contains(presence.user) ? presence : .unknown(presence.user)
                return (ref, ByteBuffer(bytes: JSONWriter.encode(ServerFrame.presence(told))))
            })
    }

    /// Those whose presence the user may see; nobody while message-service is away.
    private func visible(to user: UserID, among users: [UserID]) async -> VisibleAnswer {
        guard !users.isEmpty else { return VisibleAnswer(users: [], blocked: []) }
        do throws(ServiceCallError) {
            return try await messageService.call(
                VisibleRequest.path, body: VisibleRequest(viewer: user, users: users), deadline: .after(.seconds(2)))
        } catch {
            logger.debug("watch not checked", metadata: ["reason": "\(error)"])
            return VisibleAnswer(users: [], blocked: [])
        }
    }

    /// States of users presence-service pushed.
    func changed(_ states: [Presence]) { tell(state.withLock { $0.watching.apply(states, now: .now) }) }

    /// Takes news of blocks in, after ``RecentBlocks`` has them.
    func heard(_ changes: [BlockChange]) { tell(state.withLock { $0.watching.heard(changes, now: .now) }) }

    /// Looks anew at who may see whom, one connection after another.
    func checkAll() async {
        for (ref, viewer, users) in state.withLock({ $0.watching.all }) { await watch(users, for: ref, user: viewer) }
    }

    private func watchAll() async { await ask(for: state.withLock { $0.watching.users }) }

    private func ask(for users: [UserID]) async {
        let unwatched = state.withLock { state in
            defer { state.unwatched = [] }
            return state.unwatched
        }
        var rest = users[...]
        var ending = unwatched
        while !rest.isEmpty || !ending.isEmpty {
            let request = WatchRequest(
                instance: instance, watch: Array(rest.prefix(Self.watchBatchMax)), unwatch: ending)
            rest = rest.dropFirst(Self.watchBatchMax)
            ending = []
            do throws(ServiceCallError) {
                let answer: PresenceChanges = try await presence.call(
                    WatchRequest.path, body: request, deadline: .after(.seconds(1)))
                changed(answer.states)
            } catch {
                logger.debug("watch not renewed", metadata: ["reason": "\(error)"])
                return
            }
        }
    }

    /// While presence-service is away every state is unknown; when it is back everything is asked for again.
    private func followHealth() async {
        let isUp = presence.isUp
        let wasUp = state.withLock { state in
            defer { state.wasUp = isUp }
            return state.wasUp
        }
        guard isUp != wasUp else { return }
        if isUp {
            await heartbeat()
            await watchAll()
        } else {
            tell(state.withLock { $0.watching.forgetStates(now: .now) })
        }
    }

    private func tell(_ changes: [WatchTable.Told]) {
        let frames = changes.flatMap { presence, refs in
            let frame = ByteBuffer(bytes: JSONWriter.encode(ServerFrame.presence(presence)))
            return refs.map { ($0, frame) }
        }
        if !frames.isEmpty { registry.deliver(frames) }
    }
}

extension Presence {
    /// What is said of a user of whom nothing is known or may be said.
    static func unknown(_ user: UserID) -> Presence { Presence(user: user, state: .unknown, lastSeen: nil) }
}
