import Testing

@testable import RealtimeGateway

@Suite("A gateway's way to message-service")
struct IsolationStateTests {
    @Test("is lost when peers had to answer several sweeps in a row, and is said to be lost once")
    func lost() {
        var state = IsolationState()
        let told = (0..<IsolationState.byPeerMax + 2).map { _ in state.swept(.byPeer) }
        #expect(told.filter { $0 }.count == 1 && told[IsolationState.byPeerMax - 1])
        #expect(state.isIsolated)
    }

    @Test("is not lost when nobody reaches message-service")
    func everybody() {
        var state = IsolationState()
        for _ in 0..<10 { _ = state.swept(.notAtAll) }
        #expect(!state.isIsolated)
    }

    @Test("is back with the first direct answer, and may be lost again")
    func back() {
        var state = IsolationState()
        for _ in 0..<IsolationState.byPeerMax { _ = state.swept(.byPeer) }
        _ = state.swept(.directly)
        #expect(!state.isIsolated)
        let told = (0..<IsolationState.byPeerMax).map { _ in state.swept(.byPeer) }
        #expect(told.last == true)
    }
}
