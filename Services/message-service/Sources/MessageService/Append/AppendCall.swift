import ChatProtocol
import ClientThread
import Observability
import Synchronization

/// One caller's append, waiting until each of its entries has an outcome.
final class AppendCall: Sendable {
    private struct State {
        var outcomes: [AppendOutcome?]
        var missing: Int
        var continuation: CheckedContinuation<[AppendOutcome], Never>?
    }

    let deadline: Deadline
    let came = ContinuousClock.now
    let trace = TraceContext.current
    private let state: Mutex<State>

    init(count: Int, deadline: Deadline) {
        self.deadline = deadline
        state = Mutex(State(outcomes: Array(repeating: nil, count: count), missing: count))
    }

    func finish(_ position: Int, _ outcome: AppendOutcome) {
        let done = state.withLock { state -> CheckedContinuation<[AppendOutcome], Never>? in
            guard state.outcomes[position] == nil else { return nil }
            state.outcomes[position] = outcome
            state.missing -= 1
            return state.missing == 0 ? state.continuation.take() : nil
        }
        done?.resume(returning: outcomes)
    }

    /// The outcomes, once all are there.
    func wait() async -> [AppendOutcome] {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.missing > 0 { state.continuation = continuation }
                return state.missing == 0
            }
            if isDone { continuation.resume(returning: outcomes) }
        }
    }

    private var outcomes: [AppendOutcome] {
        state.withLock { $0.outcomes.map { $0 ?? .refused(.internal) } }
    }
}
