import ChatProtocol
import NIOCore
import Tokens

/// What one connection may do and when: a value that is fed with frames and time and says what to do. It does no I/O
/// and asks no clock.
struct SessionState {
    enum Action: Equatable {
        case none
        case authenticate(token: String, device: String, id: FrameID?)
        /// The first hello held: put the connection into the registry, then welcome it.
        case register(AccessToken)
        /// A later hello with a fresh token held: welcome it again.
        case welcome(AccessToken)
        case send(id: MessageID, chat: ChatHash, body: MessageBody)
        case cursor(chat: ChatHash, delivered: Int64, read: Int64, id: FrameID?)
        case typing(chat: ChatHash, active: Bool, id: FrameID?)
        case watch([UserID])
        case pong(FrameID?)
        case reject(FrameID?, ParleyError)
        case close(CloseCode)
        case ping
    }

    private enum Phase {
        case awaitingHello
        case authenticating
        case open(AccessToken)
        /// Open, and a later hello is being checked.
        case renewing(AccessToken)
        case closed
    }

    private var phase = Phase.awaitingHello
    private var heardAt: NIODeadline
    private let openedAt: NIODeadline
    private var pingedAt: NIODeadline
    private var expiresAt: NIODeadline?
    private var badFrames: [NIODeadline] = []
    private var frames: TokenBucket
    private var refusedFrames = 0
    private var typing: [ChatHash: (active: Bool, at: NIODeadline)] = [:]
    /// Look-ups of whom the connection watches that may be made at once; one more with each tick.
    private var watchCredit = ConnectionLimits.watchesAtOnceMax
    /// Whom to watch as soon as there is credit again.
    private var pendingWatch: [UserID]?

    init(now: NIODeadline, limits: ConnectionLimits) {
        openedAt = now
        heardAt = now
        pingedAt = now
        frames = TokenBucket(burst: limits.framesBurst, perSecond: limits.framesPerSecond, now: now)
    }

    /// The signed-in user and session, once there is one.
    var token: AccessToken? {
        switch phase {
        case .open(let token), .renewing(let token): token
        case .awaitingHello, .authenticating, .closed: nil
        }
    }

    /// What the user last said of typing in this chat; nil once a message has ended it.
    func typing(in chat: ChatHash) -> Bool? { typing[chat]?.active }

    mutating func heard(now: NIODeadline) { heardAt = now }

    mutating func closed() { phase = .closed }

    // MARK: Frames

    mutating func received(_ frame: ClientFrame, id: FrameID?, now: NIODeadline) -> Action {
        if let refusal = takeFromLimit(id, now) { return refusal }
        if case .hello(let version, let token, let device) = frame {
            return hello(version: version, token: token, device: device, id: id)
        }
        guard token != nil else {
            return reject(id, ParleyError(.unauthenticated, "say hello first"), now)
        }
        switch frame {
        case .hello: return .none
        case .send(let id, let chat, let body):
            typing[chat] = nil
            return .send(id: id, chat: chat, body: body)
        case .cursor(let chat, let delivered, let read):
            return .cursor(chat: chat, delivered: delivered ?? 0, read: read ?? 0, id: id)
        case .typing(let chat, let active): return takeTyping(chat, active: active, id, now)
        case .watch(let users):
            pendingWatch = users
            return takeWatch()
        case .ping: return .pong(id)
        }
    }

    /// A text that was no frame.
    mutating func received(_ refusal: FrameRefusal, now: NIODeadline) -> Action {
        if let limited = takeFromLimit(refusal.id, now) { return limited }
        return reject(refusal.id, refusal.error, now)
    }

    private mutating func hello(version: Int64, token: String, device: String, id: FrameID?) -> Action {
        guard version == 1 else { return close(.badProtocol) }
        switch phase {
        case .awaitingHello: phase = .authenticating
        case .open(let current): phase = .renewing(current)
        case .authenticating, .renewing, .closed: return .none
        }
        return .authenticate(token: token, device: device, id: id)
    }

    private mutating func takeTyping(_ chat: ChatHash, active: Bool, _ id: FrameID?, _ now: NIODeadline) -> Action {
        if let last = typing[chat], last.active == active, now - last.at < ConnectionLimits.typingInterval {
            return .none
        }
        if typing.count >= ConnectionLimits.typingChatsMax { typing = [:] }
        typing[chat] = (active, now)
        return .typing(chat: chat, active: active, id: id)
    }

    /// Only the newest list counts, so the ones before it that found no credit are not looked up at all.
    private mutating func takeWatch() -> Action {
        guard watchCredit > 0, let users = pendingWatch else { return .none }
        watchCredit -= 1
        pendingWatch = nil
        return .watch(users)
    }

    // MARK: Limits

    private mutating func takeFromLimit(_ id: FrameID?, _ now: NIODeadline) -> Action? {
        guard let wait = frames.take(now: now) else { return nil }
        refusedFrames += 1
        guard refusedFrames <= ConnectionLimits.refusedFramesMax else { return close(.rateLimited) }
        return .reject(id, ParleyError(.rateLimited, "too many frames", retryAfter: wait))
    }

    /// A body that is too long may be the user's doing and does not count towards the close.
    private mutating func reject(_ id: FrameID?, _ error: ParleyError, _ now: NIODeadline) -> Action {
        guard error.code != .tooLarge else { return .reject(id, error) }
        badFrames.removeAll { now - $0 > ConnectionLimits.badFramesWindow }
        badFrames.append(now)
        return badFrames.count >= ConnectionLimits.badFramesMax ? close(.badProtocol) : .reject(id, error)
    }

    private mutating func close(_ code: CloseCode) -> Action {
        phase = .closed
        return .close(code)
    }

    // MARK: Authentication

    /// The answer to ``Action/authenticate(token:device:id:)``.
    mutating func authenticated(_ result: Result<AccessToken, ParleyError>, wall: Timestamp, now: NIODeadline) -> Action
    {
        let renewed: AccessToken?
        switch phase {
        case .authenticating: renewed = nil
        case .renewing(let token): renewed = token
        case .awaitingHello, .open, .closed: return .none
        }
        switch result {
        case .success(let token):
            if let renewed, renewed.user != token.user || renewed.session != token.session {
                return close(.unauthenticated)
            }
            phase = .open(token)
            expiresAt = now + .milliseconds(token.expires.milliseconds - wall.milliseconds)
            return renewed == nil ? .register(token) : .welcome(token)
        case .failure(let error) where error.code == .unavailable:
            phase = renewed.map { .open($0) } ?? .awaitingHello
            return .reject(nil, error)
        case .failure(let error):
            return close(error.message.contains("expired") ? .tokenExpired : .unauthenticated)
        }
    }

    // MARK: Time

    /// Called about every second.
    mutating func tick(now: NIODeadline) -> Action {
        switch phase {
        case .closed: return .none
        case .awaitingHello, .authenticating:
            return now - openedAt >= ConnectionLimits.helloTimeout ? close(.helloTimeout) : .none
        case .open, .renewing:
            if let expiresAt, expiresAt <= now { return close(.tokenExpired) }
            let silence = now - heardAt
            if silence >= ConnectionLimits.heartbeat * 2 { return close(.heartbeatTimeout) }
            if silence >= ConnectionLimits.heartbeat, now - pingedAt >= ConnectionLimits.heartbeat {
                pingedAt = now
                return .ping
            }
            watchCredit = min(watchCredit + 1, ConnectionLimits.watchesAtOnceMax)
            return takeWatch()
        }
    }
}

/// What bounds one connection.
struct ConnectionLimits: Sendable {
    static let helloTimeout: TimeAmount = .seconds(10)
    static let heartbeat: TimeAmount = .seconds(20)
    static let badFramesMax = 10
    static let badFramesWindow: TimeAmount = .minutes(1)
    static let typingInterval: TimeAmount = .seconds(3)
    static let typingChatsMax = 64
    static let watchesAtOnceMax = 5
    /// Frames over the rate limit that are answered before the connection is closed.
    static let refusedFramesMax = 1000
    /// Connections of one session on one gateway; the oldest is closed.
    static let connectionsPerSessionMax = 20
    /// Connections of one user on one gateway; one more is closed.
    static let connectionsPerUserMax = 100
    /// Connections that have not said hello yet, on one gateway.
    static let unauthenticatedMax = 8192
    /// Those of one address; a whole office that comes back at once says hello within a second or two.
    static let unauthenticatedPerAddressMax = 1024

    let framesBurst: Double
    let framesPerSecond: Double

    static let standard = ConnectionLimits(framesBurst: 2000, framesPerSecond: 200)
    static let none = ConnectionLimits(framesBurst: 1e12, framesPerSecond: 1e12)
}

/// A token bucket that is told the time.
struct TokenBucket {
    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var updated: NIODeadline

    init(burst: Double, perSecond: Double, now: NIODeadline) {
        self.burst = burst
        self.perSecond = perSecond
        tokens = burst
        updated = now
    }

    /// - Returns: nil, or how long until there is a token again.
    mutating func take(now: NIODeadline) -> Duration? {
        tokens = min(burst, tokens + Double((now - updated).nanoseconds) / 1e9 * perSecond)
        updated = now
        guard tokens >= 1 else { return .milliseconds(Int64((1 - tokens) / perSecond * 1000) + 1) }
        tokens -= 1
        return nil
    }
}
