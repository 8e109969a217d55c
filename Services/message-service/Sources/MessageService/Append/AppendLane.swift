import ChatProtocol
import ClientThread
import Logging
import Metrics
import Postgres
import ServiceLifecycle
import Synchronization

/// Group commit without a timer: while one commit is under way, what comes meanwhile becomes the next one. A chat
/// always meets the same lane, so its messages are numbered in the order in which they came.
final class AppendLane: Service {
    /// Rows that may wait; more are refused at once, so that nobody waits for what cannot be done in time.
    private static let waitingMax = 8192

    private struct Job {
        let entry: AppendRequest.Entry
        let position: Int
        let call: AppendCall
    }

    private let connection: PostgresConnection
    private let logger: Logger
    private let waiting = Mutex<[Job]>([])
    private let wake: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private let batchRows = Metrics.Recorder(label: "parley_append_batch_rows")
    private let commitTime = Metrics.Timer(label: "parley_append_commit_seconds")
    private let appended = Metrics.Counter(label: "parley_appended_messages_total")

    init(connection: PostgresConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes entries in; their outcomes are given to `call` at the positions named.
    func add(_ entries: [(position: Int, entry: AppendRequest.Entry)], of call: AppendCall) {
        let taken = waiting.withLock { waiting in
            guard waiting.count + entries.count <= Self.waitingMax else { return false }
            waiting += entries.map { Job(entry: $0.entry, position: $0.position, call: call) }
            return true
        }
        if taken {
            wakeUp.yield()
        } else {
            for entry in entries { call.finish(entry.position, .refused(.unavailable)) }
        }
    }

    func run() async throws {
        await withTaskExecutorPreference(connection.executor) {
            await cancelWhenGracefulShutdown {
                for await _ in self.wake {
                    while case let jobs = self.nextBatch(), !jobs.isEmpty { await self.commit(jobs) }
                }
            }
        }
        // The listeners have stopped by now; whoever still waits learns that the outcome is open.
        for job in waiting.withLock({ $0 }) { job.call.finish(job.position, .refused(.unavailable)) }
    }

    /// Takes what one commit holds, and drops what nobody waits for any more.
    private func nextBatch() -> [Job] {
        let (taken, expired) = waiting.withLock { waiting -> ([Job], [Job]) in
            var taken: [Job] = []
            var expired: [Job] = []
            var bytes = 0
            var count = 0
            for job in waiting {
                bytes += job.entry.body.utf8.count
                guard taken.count < AppendBatch.rowsMax, bytes <= AppendBatch.bytesMax else { break }
                count += 1
                if job.call.deadline.hasPassed { expired.append(job) } else { taken.append(job) }
            }
            waiting.removeFirst(count)
            return (taken, expired)
        }
        for job in expired { job.call.finish(job.position, .refused(.unavailable)) }
        return taken
    }

    private func commit(_ jobs: [Job]) async {
        let start = ContinuousClock.now
        let outcomes = await write(jobs.map(\.entry), deadline: jobs.map(\.call.deadline).max() ?? .after(.zero))
        commitTime.recordNanoseconds(start.duration(to: .now).components.attoseconds / 1_000_000_000)
        batchRows.record(Int64(jobs.count))
        appended.increment(by: outcomes.count { if case .stored = $0 { true } else { false } })
        for (job, outcome) in zip(jobs, outcomes) { job.call.finish(job.position, outcome) }
    }

    /// Writes a batch. Where PostgreSQL refuses it for what one row may be guilty of, it is halved until the guilty
    /// rows are alone.
    private func write(_ entries: [AppendRequest.Entry], deadline: Deadline) async -> [AppendOutcome] {
        let batch = AppendBatch(entries)
        do {
            return batch.spread(
                try await PostgresMessageLog.append(batch.entries, on: connection, deadline: deadline))
        } catch {
            let fault = AppendFault(error)
            guard fault.mayBeOneRow, entries.count > 1, !deadline.hasPassed else {
                logger.error(
                    "append failed", metadata: ["rows": "\(entries.count)", "reason": "\(error)"])
                return entries.map { _ in .refused(fault.code) }
            }
            let middle = entries.count / 2
            let first = await write(Array(entries[..<middle]), deadline: deadline)
            return first + (await write(Array(entries[middle...]), deadline: deadline))
        }
    }
}

/// What a failed append means for its rows.
struct AppendFault: Equatable {
    /// What the senders are told.
    let code: ErrorCode
    /// Whether a part of the batch could do where the whole could not.
    let mayBeOneRow: Bool

    /// - SeeAlso: PostgreSQL documentation, appendix A, for the SQLSTATE classes.
    init(_ error: PostgresError) {
        switch error {
        case .server(let state, _, _) where state.hasPrefix("22") || state.hasPrefix("23"):
            (code, mayBeOneRow) = (.internal, true)
        case .server("55P03", _, _), .server("40P01", _, _), .server("57014", _, _):
            // Lock time-out, deadlock, statement time-out: others hold a chat of this batch.
            (code, mayBeOneRow) = (.unavailable, true)
        case .decoding:
            (code, mayBeOneRow) = (.internal, false)
        case .server, .notSent, .connectionLost:
            (code, mayBeOneRow) = (.unavailable, false)
        }
    }
}

/// One caller's append, waiting until each of its entries has an outcome.
final class AppendCall: Sendable {
    private struct State {
        var outcomes: [AppendOutcome?]
        var missing: Int
        var continuation: CheckedContinuation<[AppendOutcome], Never>?
    }

    let deadline: Deadline
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
