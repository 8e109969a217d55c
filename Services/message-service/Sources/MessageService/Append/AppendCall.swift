import ChatProtocol
import ClientThread
import Observability
import Synchronization

/// One caller's append, until each of its entries has an outcome.
final class AppendCall: Sendable {
    private struct State {
        var outcomes: [AppendOutcome?]
        var missing: Int
    }

    let deadline: Deadline
    let came = ContinuousClock.now
    let trace = TraceContext.current
    private let state: Mutex<State>
    private let whenDone: @Sendable ([AppendOutcome]) -> Void

    /// - Parameter whenDone: is called once, by whoever finishes the last entry.
    init(count: Int, deadline: Deadline, whenDone: @escaping @Sendable ([AppendOutcome]) -> Void) {
        self.deadline = deadline
        self.whenDone = whenDone
        state = Mutex(State(outcomes: Array(repeating: nil, count: count), missing: count))
    }

    func finish(_ position: Int, _ outcome: AppendOutcome) {
        let done = state.withLock { state -> [AppendOutcome]? in
            guard state.outcomes[position] == nil else { return nil }
            state.outcomes[position] = outcome
            state.missing -= 1
            return state.missing == 0 ? state.outcomes.compactMap { $0 } : nil
        }
        if let done { whenDone(done) }
    }
}
