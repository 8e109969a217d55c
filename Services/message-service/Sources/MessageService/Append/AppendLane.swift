import ChatProtocol
import ClientThread
import Logging
import Metrics
import Observability
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
    private let metrics = AppendMetrics()

    init(connection: PostgresConnection, logger: Logger) {
        self.connection = connection
        self.logger = logger
        (wake, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Messages that wait for a commit.
    var waitingCount: Int { waiting.withLock { $0.count } }

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
            metrics.refused.increment(.unavailable, by: entries.count)
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
        metrics.refused.increment(.unavailable, by: expired.count)
        for job in expired { job.call.finish(job.position, .refused(.unavailable)) }
        return taken
    }

    /// Under the trace of the batch's first.
    private func commit(_ jobs: [Job]) async {
        guard let oldest = jobs.first?.call else { return }
        let start = ContinuousClock.now
        let outcomes = await TraceContext.$current.withValue(oldest.trace) {
            await write(jobs.map(\.entry), deadline: jobs.map(\.call.deadline).max() ?? .after(.zero))
        }
        metrics.committed(outcomes, waitedSince: oldest.came, start: start)
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
            metrics.halved.increment()
            let middle = entries.count / 2
            let first = await write(Array(entries[..<middle]), deadline: deadline)
            return first + (await write(Array(entries[middle...]), deadline: deadline))
        }
    }
}
