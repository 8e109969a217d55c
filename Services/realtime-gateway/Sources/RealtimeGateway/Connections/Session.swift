import ChatProtocol
import CoreMetrics
import HTTPGuard
import NIOCore
import Observability
import ServiceKit
import StrictJSON
import Tokens
import WebSocketServer

/// One client connection: feeds its ``SessionState`` with frames and time and carries out what that says. Confined to
/// the event loop of its shard.
final class Session: WebSocketPeer {
    let ref: ConnectionRef
    private let shard: ConnectionShard
    private let gateway: Gateway
    private var state: SessionState
    private var socket: WebSocket?
    private var device = ""
    private var needsFlush = false
    /// Whether the first welcome is still owed (the registration in presence-service is under way).
    private var owesWelcome = false
    /// Among the connections that have not said hello.
    private var place: ConnectionCount.Place?
    private var helloAt = NIODeadline.distantPast

    init(shard: ConnectionShard, gateway: Gateway, place: ConnectionCount.Place?) {
        self.place = place
        self.shard = shard
        self.gateway = gateway
        ref = ConnectionRef(id: .make(), shard: shard.index)
        state = SessionState(now: .now(), limits: gateway.connectionLimits)
    }

    /// The signed-in user and session; nil before the hello and once the connection is being closed.
    var token: AccessToken? { state.token }
    /// What the registry knows this connection by, until it has really ended.
    private(set) var registration: AccessToken?

    // MARK: WebSocketPeer

    func opened(_ socket: WebSocket) {
        self.socket = socket
        shard.opened(self)
    }

    func heard() { state.heard(now: .now()) }

    func received(text: ByteBuffer) {
        do throws(FrameRefusal) {
            let (frame, id) = try ClientFrame.decode(Array(text.readableBytesView))
            GatewayMetrics.shared.framesIn.increment(FrameKind(frame))
            perform(state.received(frame, id: id, now: .now()))
        } catch {
            GatewayMetrics.shared.framesIn.increment(.unreadable)
            perform(state.received(error, now: .now()))
        }
        flush()
    }

    func received(binary: ByteBuffer) { close(.unsupportedData) }

    func closed() {
        if let socket { GatewayMetrics.shared.ended(socket.ending) }
        socket = nil
        place = nil
        shard.closed(self)
        state.closed()
    }

    // MARK: What the state says

    private func perform(_ action: SessionState.Action) {
        switch action {
        case .none: return
        case .authenticate(let token, let device, _): authenticate(token, device)
        case .register(let token): register(token)
        case .welcome(let token): welcome(token)
        case .send(let id, let chat, let body): send(id, chat, body)
        case .cursor(let chat, let delivered, let read, let id): cursor(chat, delivered, read, id)
        case .typing(let chat, let active, let id): typing(chat, active, id)
        case .watch(let users): watch(users)
        case .pong(let id): write(.pong(id: id, serverTime: .now, health: gateway.health.current))
        case .reject(let id, let error): refuse(id, error)
        case .close(let code): close(code)
        case .ping: socket?.ping()
        }
    }

    private func authenticate(_ token: String, _ device: String) {
        self.device = device
        helloAt = .now()
        let ref = ref
        let shard = shard
        let gateway = gateway
        gateway.work.add {
            let result: Result<AccessToken, ParleyError>
            do throws(ParleyError) {
                result = .success(try await gateway.authority.verify(token, remembering: false))
            } catch {
                result = .failure(error)
            }
            shard.execute { shard in shard.session(ref.id)?.authenticated(result) }
        }
    }

    private func authenticated(_ result: Result<AccessToken, ParleyError>) {
        perform(state.authenticated(result, wall: .now, now: .now()))
        flush()
    }

    /// The order is what keeps promise P5: the connection is in the registry before its welcome, and the client syncs
    /// after it; so the sync covers every commit before, and the fast path or the sweep every one after.
    private func register(_ token: AccessToken) {
        registration = token
        place = nil
        shard.register(self, token)
        // A session that ended between the check of its token and now was not in the registry to be closed.
        guard !gateway.authority.isRevoked(token.session) else { return close(.sessionRevoked) }
        owesWelcome = true
        let ref = ref
        let shard = shard
        gateway.presence.opened(
            ConnectionsRequest.Opened(connection: ref.id, user: token.user, session: token.session, device: device),
            on: ref)
        shard.eventLoop.scheduleTask(in: PresenceLink.registrationPatience) {
            shard.execute { shard in shard.session(ref.id)?.registered() }
        }
    }

    /// presence-service knows the connection, or was given time enough to.
    func registered() {
        guard owesWelcome, let token = state.token else { return }
        owesWelcome = false
        welcome(token)
        GatewayMetrics.shared.welcomeTime.recordNanoseconds((NIODeadline.now() - helloAt).nanoseconds)
        flush()
    }

    private func welcome(_ token: AccessToken) {
        write(
            .welcome(
                ServerFrame.Welcome(
                    user: token.user, session: token.session, connection: ref.id,
                    gateway: gateway.instance,
                    heartbeat: .nanoseconds(ConnectionLimits.heartbeat.nanoseconds), serverTime: .now,
                    historyEpoch: gateway.sweep.epoch)))
    }

    private func send(_ id: MessageID, _ chat: ChatHash, _ body: MessageBody) {
        guard let token = state.token else { return }
        gateway.sends.submit(
            AppendRequest.Entry(chat: chat, from: token.user, id: id, body: body), from: .socket(ref))
    }

    private func cursor(_ chat: ChatHash, _ delivered: Int64, _ read: Int64, _ id: FrameID?) {
        guard let token = state.token else { return }
        whenMember(of: chat, id) { gateway, ref in
            gateway.cursors.add(
                RaiseCursorsRequest.Entry(chat: chat, user: token.user, delivered: delivered, read: read), from: ref)
        }
    }

    private func typing(_ chat: ChatHash, _ active: Bool, _ id: FrameID?) {
        guard let token = state.token else { return }
        let shard = shard
        whenMember(of: chat, id) { gateway, ref in
            // Between people one of whom blocks the other nothing of it goes either way.
            guard let known = gateway.members.known(chat), known.blockedSince == nil else { return }
            let others = known.members.filter { $0 != token.user }
            shard.execute { shard in
                // While the members were looked up a message may have ended it, and would be followed by "types".
                guard shard.session(ref.id)?.state.typing(in: chat) == active else { return }
                gateway.publish(
                    [Event(recipients: others, frame: .typing(chat: chat, user: token.user, active: active))],
                    excluding: ref)
            }
        }
    }

    private func watch(_ users: [UserID]) {
        guard let token = state.token else { return }
        let ref = ref
        let gateway = gateway
        gateway.work.add { await gateway.presence.watch(Array(Set(users)), for: ref, user: token.user) }
    }

    /// Does something if the user is a member of the chat, and says `not_found` if not.
    private func whenMember(
        of chat: ChatHash, _ id: FrameID?, _ body: @escaping @Sendable (Gateway, ConnectionRef) -> Void
    ) {
        guard let user = state.token?.user else { return }
        let ref = ref
        let shard = shard
        let gateway = gateway
        if let known = gateway.members.known(chat), known.members.contains(user) { return body(gateway, ref) }
        gateway.work.add {
            let refusal: ParleyError
            do throws(ServiceCallFailure) {
                if try await gateway.members.members(of: chat)?.members.contains(user) == true {
                    return body(gateway, ref)
                }
                refusal = .chatNotFound
            } catch {
                refusal = error.reason
            }
            shard.execute { shard in
                shard.session(ref.id)?.refuse(id, refusal)
                shard.session(ref.id)?.flush()
            }
        }
    }

    // MARK: From the shard

    func tick(now: NIODeadline) {
        if socket?.isTooSlow(now: now) == true { close(.slowConsumer) }
        perform(state.tick(now: now))
        flush()
    }

    private func refuse(_ id: FrameID?, _ error: ParleyError) {
        GatewayMetrics.shared.framesRefused.increment(error.code)
        write(.error(id: id, error))
    }

    func write(_ frame: ServerFrame) { write(ByteBuffer(bytes: JSONWriter.encode(frame))) }

    /// Queues a frame; ``flush()`` sends it.
    func write(_ frame: ByteBuffer) {
        guard let socket else { return }
        needsFlush = true
        GatewayMetrics.shared.framesOut.increment()
        if !socket.write(text: frame) { close(.slowConsumer) }
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        socket?.flush()
    }

    func close(_ code: CloseCode) {
        state.closed()
        socket?.close(code: code.rawValue, reason: code.reason)
    }
}
