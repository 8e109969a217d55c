import ChatProtocol
import Metrics
import Observability

/// What group commit counts, per batch and not per message.
struct AppendMetrics: Sendable {
    private let batchRows = Recorder("parley_append_batch_rows", "Messages of one commit.")
    private let queueTime = Metrics.Timer(
        "parley_append_queue_seconds", "How long the oldest message of a commit had waited for it.")
    private let commitTime = Metrics.Timer(
        "parley_append_commit_seconds", "From the start of a commit to PostgreSQL's answer, halvings included.")
    private let appended = Counter(
        "parley_appended_messages_total", "Messages that are committed; those sent again count again.")
    let refused = CounterFamily(
        "parley_append_refused_messages_total", "Messages that were not taken, or of which that is unknown.",
        label: "code", values: ErrorCode.allCases, text: \.rawValue)
    let halved = Counter(
        "parley_append_halvings_total", "Batches that PostgreSQL refused for what one message may be guilty of.")

    func committed(
        _ outcomes: [AppendOutcome], waitedSince came: ContinuousClock.Instant, start: ContinuousClock.Instant
    ) {
        queueTime.record(since: came, until: start)
        commitTime.record(since: start)
        batchRows.record(outcomes.count)
        var stored = 0
        for outcome in outcomes {
            switch outcome {
            case .stored: stored += 1
            case .refused(let code): refused.increment(code)
            }
        }
        appended.increment(by: stored)
    }
}
