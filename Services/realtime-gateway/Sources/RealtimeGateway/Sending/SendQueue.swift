import ChatProtocol
import ClientThread
import Observability
import ServiceKit

/// Where a send came from and its answer goes.
enum SendOrigin: Sendable {
    case socket(ConnectionRef)
    case request(CheckedContinuation<AppendOutcome, Never>)

    var connection: ConnectionRef? {
        if case .socket(let ref) = self { ref } else { nil }
    }
}

/// One message on its way to message-service.
struct SendJob: Sendable {
    /// Within which a send is answered.
    static let deadline: Duration = .seconds(5)

    let entry: AppendRequest.Entry
    let origin: SendOrigin
    let submitted: ContinuousClock.Instant
    /// Of a request; a frame has none of its own.
    let trace = TraceContext.current

    var deadline: ContinuousClock.Instant { submitted.advanced(by: Self.deadline) }
}

/// What waits in one lane for the call in flight to end: bounded by number and by age.
///
/// The age is the one that matters under overload: a queue that is longer than what can be answered in time makes
/// everybody wait and nobody succeed. Who comes while the oldest has waited too long is refused at once, with a pause
/// to keep, and those who wait already are served.
struct SendQueue: Sendable {
    static let jobsMax = 8192
    static let ageMax: Duration = .seconds(2)
    static let batchEntriesMax = 256
    /// Little enough that a batch for one connection is no burst that closes it (`OutboundBacklog`).
    static let batchBytesMax = 64 << 10

    private(set) var waiting: [SendJob] = []

    /// How long the oldest has waited.
    func age(now: ContinuousClock.Instant) -> Duration {
        waiting.first.map { $0.submitted.duration(to: now) } ?? .zero
    }

    /// Takes a job in.
    /// - Returns: false if there is no room for it.
    mutating func add(_ job: SendJob, now: ContinuousClock.Instant) -> Bool {
        guard waiting.count < Self.jobsMax, age(now: now) < Self.ageMax else { return false }
        waiting.append(job)
        return true
    }

    /// Takes the next call's jobs out, and with them those before whose time is over.
    mutating func nextBatch(now: ContinuousClock.Instant) -> (batch: [SendJob], expired: [SendJob]) {
        let expired = Array(waiting.prefix { $0.deadline <= now })
        var bytes = 0
        let batch = waiting.dropFirst(expired.count).prefix(Self.batchEntriesMax).prefix { job in
            bytes += job.entry.body.utf8.count
            return bytes <= Self.batchBytesMax
        }
        defer { waiting.removeFirst(expired.count + batch.count) }
        return (Array(batch), expired)
    }

    /// Takes everything out.
    mutating func removeAll() -> [SendJob] {
        defer { waiting = [] }
        return waiting
    }
}
