import ChatProtocol
import Testing

@testable import RealtimeGateway

@Suite("What a gateway knows for the sweep")
struct SweepStateTests {
    private let user = UserID.make()
    private let chat = ChatHash(high: 1, low: 2)

    private func answer(_ lastSeq: Int64?, next: String = "c1", epoch: String = "e1", overflow: Bool = false)
        -> TipsAnswer
    {
        let tips = lastSeq.map { [Tip(chat: chat, lastSeq: $0, members: [user])] } ?? []
        return TipsAnswer(tips: tips, next: next, epoch: epoch, overflow: overflow)
    }

    private func chats(_ finding: SweepState.Finding) -> [Int64]? {
        if case .chats(let tips) = finding { tips.map(\.lastSeq) } else { nil }
    }

    @Test("names chats of people here that were not handed on, and no others")
    func missing() {
        var state = SweepState()
        let first = state.answered(answer(3)) { _ in true }
        #expect(chats(first) == [3])
        state.handedOn([EventTip(chat: chat, seq: 3)])
        let second = state.answered(answer(3)) { _ in true }
        #expect(chats(second) == nil)
        let elsewhere = state.answered(answer(4)) { _ in false }
        #expect(chats(elsewhere) == nil)
    }

    @Test("tells everybody to sync when too much is new, or the history is another")
    func everything() {
        var state = SweepState()
        _ = state.answered(answer(nil)) { _ in true }
        for finding in [
            state.answered(answer(1, overflow: true)) { _ in true },
            state.answered(answer(1, epoch: "e2")) { _ in true },
        ] {
            guard case .everything = finding else { return #expect(Bool(false), "\(finding)") }
        }
    }

    @Test("forgets what it handed on of a history that was restored to an earlier state")
    func restored() {
        var state = SweepState()
        _ = state.answered(answer(nil)) { _ in true }
        state.handedOn([EventTip(chat: chat, seq: 10)])
        _ = state.answered(answer(nil, epoch: "e2")) { _ in true }
        let finding = state.answered(answer(8, epoch: "e2")) { _ in true }
        #expect(chats(finding) == [8])
    }

    @Test("forgets what it heard of from others before it knew which history it is in")
    func beforeTheFirstAnswer() {
        var state = SweepState()
        state.handedOn([EventTip(chat: chat, seq: 10)])
        let finding = state.answered(answer(8, epoch: "e2")) { _ in true }
        #expect(chats(finding) == [8])
    }
}
