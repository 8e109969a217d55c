import Metrics
import Observability

/// How calls to one other service go.
struct CallMetrics: Sendable {
    enum Outcome: String, CaseIterable {
        case ok
        /// Another status than 200.
        case refused
        /// It did not happen: no connection, or no time left.
        case notSent = "not_sent"
        /// Whether it happened is unknown.
        case noAnswer = "no_answer"
    }

    private let timers: [Outcome: Metrics.Timer]

    init(service: String) {
        timers = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map { outcome in
                let timer = Metrics.Timer(
                    "parley_call_attempt_seconds", "One attempt of a call to another service, by what came of it.",
                    [("service", service), ("outcome", outcome.rawValue)])
                return (outcome, timer)
            })
    }

    func attempts(_ outcome: Outcome) -> Metrics.Timer {
        guard let timer = timers[outcome] else { preconditionFailure("every outcome has its timer") }
        return timer
    }
}
