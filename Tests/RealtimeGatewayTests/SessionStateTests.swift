import ChatProtocol
import NIOCore
import Testing
import Tokens

@testable import RealtimeGateway

@Suite("A session")
struct SessionStateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let token = AccessToken(
        user: .make(), session: .make(), expires: Timestamp.now.advanced(by: .seconds(900)))
    private let chat = ChatHash(high: 1, low: 2)

    private func open() -> SessionState {
        var state = SessionState(now: start, limits: .standard)
        _ = state.received(.hello(protocolVersion: 1, token: "t", device: "web"), id: nil, now: start)
        _ = state.authenticated(.success(token), wall: .now, now: start)
        return state
    }

    @Test("begins with a hello and nothing else")
    func hello() {
        var state = SessionState(now: start, limits: .standard)
        guard case .reject(_, let error) = state.received(.ping, id: .number(1), now: start) else {
            return #expect(Bool(false), "a ping before the hello was taken")
        }
        #expect(error.code == .unauthenticated)
        #expect(
            state.received(.hello(protocolVersion: 1, token: "t", device: "web"), id: nil, now: start)
                == .authenticate(token: "t", device: "web", id: nil))
        #expect(state.authenticated(.success(token), wall: .now, now: start) == .register(token))
        #expect(state.received(.ping, id: .number(1), now: start) == .pong(.number(1)))
    }

    @Test("looks up whom it watches five times at once and then once a second, and only the newest list")
    func watching() {
        var state = open()
        let lists = (0..<9).map { _ in [UserID.make()] }
        let taken = lists.map { state.received(.watch(users: $0), id: nil, now: start) }
        #expect(taken == lists.prefix(5).map { .watch($0) } + [.none, .none, .none, .none])
        #expect(state.tick(now: start + .seconds(1)) == .watch(lists[8]))
        #expect(state.tick(now: start + .seconds(2)) == .none)
        #expect(state.received(.watch(users: lists[0]), id: nil, now: start + .seconds(2)) == .watch(lists[0]))
    }

    @Test("of another protocol version, with a bad token or with an old one is closed with the right code")
    func refusals() {
        var other = SessionState(now: start, limits: .standard)
        #expect(
            other.received(.hello(protocolVersion: 2, token: "t", device: ""), id: nil, now: start)
                == .close(.badProtocol))
        let cases: [(String, CloseCode)] = [
            ("the access token is not valid", .unauthenticated), ("the access token has expired", .tokenExpired),
        ]
        for (message, code) in cases {
            var state = SessionState(now: start, limits: .standard)
            _ = state.received(.hello(protocolVersion: 1, token: "t", device: ""), id: nil, now: start)
            let failure = ParleyError(.unauthenticated, message)
            #expect(state.authenticated(.failure(failure), wall: .now, now: start) == .close(code))
        }
    }

    @Test("without a hello within 10 s is closed")
    func helloTimeout() {
        var state = SessionState(now: start, limits: .standard)
        #expect(state.tick(now: start + .seconds(9)) == .none)
        #expect(state.tick(now: start + .seconds(10)) == .close(.helloTimeout))
    }

    @Test("ends when its token does, unless a fresh one came")
    func expiry() {
        var state = open()
        state.heard(now: start + .seconds(899))
        #expect(state.tick(now: start + .seconds(890)) != .close(.tokenExpired))
        let later = AccessToken(
            user: token.user, session: token.session, expires: Timestamp.now.advanced(by: .seconds(1800)))
        _ = state.received(.hello(protocolVersion: 1, token: "t2", device: ""), id: nil, now: start)
        #expect(state.authenticated(.success(later), wall: .now, now: start) == .welcome(later))
        state.heard(now: start + .seconds(1700))
        #expect(state.tick(now: start + .seconds(1700)) == .none)
        state.heard(now: start + .seconds(1801))
        #expect(state.tick(now: start + .seconds(1801)) == .close(.tokenExpired))
    }

    @Test("cannot become another user's by a later hello")
    func otherUser() {
        var state = open()
        _ = state.received(.hello(protocolVersion: 1, token: "t2", device: ""), id: nil, now: start)
        let stranger = AccessToken(user: .make(), session: token.session, expires: token.expires)
        #expect(state.authenticated(.success(stranger), wall: .now, now: start) == .close(.unauthenticated))
    }

    @Test("silent for one heartbeat is pinged, for two is closed")
    func heartbeat() {
        var state = open()
        #expect(state.tick(now: start + .seconds(19)) == .none)
        #expect(state.tick(now: start + .seconds(20)) == .ping)
        #expect(state.tick(now: start + .seconds(21)) == .none)
        state.heard(now: start + .seconds(22))
        #expect(state.tick(now: start + .seconds(41)) == .none)
        #expect(state.tick(now: start + .seconds(62)) == .close(.heartbeatTimeout))
    }

    @Test("with ten bad frames in a minute is closed, and with nine is not")
    func badFrames() {
        let refusal = FrameRefusal(id: nil, error: ParleyError(.badFrame, "no"))
        var state = open()
        for second in 0..<9 {
            #expect(state.received(refusal, now: start + .seconds(Int64(second))) == .reject(nil, refusal.error))
        }
        #expect(state.received(refusal, now: start + .seconds(70)) == .reject(nil, refusal.error))
        var other = open()
        for _ in 0..<9 { _ = other.received(refusal, now: start) }
        let tooLarge = FrameRefusal(id: nil, error: ParleyError(.tooLarge, "no"))
        #expect(other.received(tooLarge, now: start) == .reject(nil, tooLarge.error))
        #expect(other.received(refusal, now: start) == .close(.badProtocol))
    }

    @Test("over its rate is told when to go on, and closed if it does not listen")
    func rate() {
        var state = open()
        var answers: [SessionState.Action] = []
        for _ in 0..<4000 { answers.append(state.received(.ping, id: nil, now: start)) }
        let refused = answers.compactMap { if case .reject(_, let error) = $0 { error } else { nil } }
        #expect(refused.first?.code == .rateLimited)
        #expect(refused.first?.retryAfter != nil)
        #expect(answers.contains(.close(.rateLimited)))
    }

    @Test("forgets that somebody types once they have sent")
    func typingEnds() throws {
        var state = open()
        _ = state.received(.typing(chat: chat, active: true), id: nil, now: start)
        #expect(state.typing(in: chat) == true)
        _ = state.received(.send(id: .make(), chat: chat, body: try MessageBody(Array("hi".utf8))), id: nil, now: start)
        #expect(state.typing(in: chat) == nil)
    }

    @Test("tells of typing at most every 3 s for the same state")
    func typing() {
        var state = open()
        let typing = ClientFrame.typing(chat: chat, active: true)
        let told = SessionState.Action.typing(chat: chat, active: true, id: nil)
        #expect(state.received(typing, id: nil, now: start) == told)
        #expect(state.received(typing, id: nil, now: start + .seconds(1)) == .none)
        #expect(state.received(.typing(chat: chat, active: false), id: nil, now: start + .seconds(1)) != .none)
        #expect(state.received(typing, id: nil, now: start + .seconds(5)) == told)
    }
}
