import CLibPQ
import ClientThread
import CoreMetrics
import Logging
import Observability

#if canImport(Glibc)
    import Glibc
#endif

/// The loop of a ``PostgresConnection``'s thread: send what the inbox holds, read what has come, and connect again
/// after a failure. While there is no connection every request fails at once, so that callers can decide.
final class PostgresPipeline {
    /// Groups in flight on the wire; the rest waits here, where it can still be dropped.
    private static let inFlightMax = 256
    /// How long past its statement timeout an answer may take before the link is held dead.
    private static let answerGrace: Duration = .seconds(2)

    private enum Step {
        case prepare(sql: String)
        case execute
    }

    private struct InFlight {
        let request: PipelineRequest
        var steps: [Step]
        var nextStep = 0
        var rows: [PostgresRows] = []
        var error: PostgresError?
        let answerBy: Deadline

        /// The step that the next result belongs to; nil after the last one, when only the end of the group is left,
        /// which is its commit and may fail as well.
        var step: Step? { steps.indices.contains(nextStep) ? steps[nextStep] : nil }
    }

    private let configuration: PostgresConfiguration
    private let inbox: Inbox<PipelineRequest>
    private let metrics: PostgresMetrics
    private let logger: Logger
    private var waiting: [PipelineRequest] = []
    private var inFlight: [InFlight] = []
    private var handle: PostgresHandle?
    private var session = 0
    private var statementNames: [String: String] = [:]
    private var statementCount = 0
    private var backoff = ReconnectBackoff()
    private var wasConnected = true
    /// Whether the inbox may have woken the thread since it was drained.
    private var isWoken = true

    init(
        configuration: PostgresConfiguration, inbox: Inbox<PipelineRequest>, metrics: PostgresMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.inbox = inbox
        self.metrics = metrics
        self.logger = logger
    }

    func run() {
        while true {
            waiting += inbox.drain(isWoken: isWoken)
            isWoken = true
            if waiting.isEmpty && inFlight.isEmpty && inbox.end() { return }
            guard let handle else {
                connect()
                continue
            }
            do {
                try turn(handle)
            } catch {
                lose(error)
            }
        }
    }

    /// One turn of the loop on a live connection.
    private func turn(_ handle: PostgresHandle) throws(PostgresError) {
        try sendWaiting(handle)
        let pendingOutput = PQflush(handle.connection)
        guard pendingOutput >= 0 else { throw .connectionLost(handle.lastError) }
        let socket = PQsocket(handle.connection)
        let ready = pollDescriptors(
            [(socket, POLLIN | (pendingOutput == 1 ? POLLOUT : 0)), (inbox.wakeDescriptor, POLLIN)],
            timeout: patience)
        isWoken = ready[1] != 0
        if ready[0] & (POLLIN | POLLHUP | POLLERR) != 0 {
            guard PQconsumeInput(handle.connection) == 1 else { throw .connectionLost(handle.lastError) }
            try readResults(handle)
        }
        if let oldest = inFlight.first, oldest.answerBy.hasPassed {
            throw .connectionLost("no answer in time")
        }
    }

    /// How long the loop may wait for the next thing to happen.
    private var patience: Duration {
        guard inbox.isEmpty else { return .zero }
        return inFlight.first.map { max(.milliseconds(10), $0.answerBy.remaining) } ?? .seconds(30)
    }

    // MARK: Connecting

    private func connect() {
        do {
            let fresh = try PostgresHandle(configuration)
            try fresh.enterPipeline()
            handle = fresh
            session += 1
            statementNames = [:]
            backoff.succeeded()
            metrics.connections.increment()
            if !wasConnected { logger.notice("connected to PostgreSQL again") }
            wasConnected = true
        } catch {
            if wasConnected { logger.error("no connection to PostgreSQL", metadata: ["reason": "\(error)"]) }
            wasConnected = false
            metrics.connectionFailures.increment()
            waitOut(backoff.failed(), failingWith: .notSent("no connection to PostgreSQL"))
        }
    }

    /// Waits before the next attempt; requests that come meanwhile fail at once.
    private func waitOut(_ duration: Duration, failingWith error: PostgresError) {
        let end = Deadline.after(duration)
        repeat {
            waiting += inbox.drain()
            for request in waiting { metrics.fail(request, error) }
            waiting = []
            if inbox.isClosed { return }
            let patience = inbox.isEmpty ? max(.milliseconds(1), end.remaining) : .zero
            _ = pollDescriptors([(inbox.wakeDescriptor, POLLIN)], timeout: patience)
        } while !end.hasPassed
    }

    private func lose(_ error: PostgresError) {
        logger.error("connection to PostgreSQL lost", metadata: ["reason": "\(error)"])
        handle = nil
        metrics.connections.decrement()
        metrics.connectionsLost.increment()
        for group in inFlight { metrics.fail(group.request, group.error ?? .connectionLost("the connection broke")) }
        inFlight = []
    }

    // MARK: Sending

    private func sendWaiting(_ handle: PostgresHandle) throws(PostgresError) {
        var index = 0
        while index < waiting.count, inFlight.count < Self.inFlightMax {
            let request = waiting[index]
            index += 1
            if request.deadline.hasPassed {
                metrics.fail(request, .notSent("its deadline passed while it waited"))
            } else if let wanted = request.session, wanted != session {
                metrics.fail(request, .connectionLost("the transaction's connection is gone"))
            } else {
                try send(request, handle)
            }
        }
        waiting.removeFirst(index)
    }

    private func send(_ request: PipelineRequest, _ handle: PostgresHandle) throws(PostgresError) {
        var group = InFlight(
            request: request, steps: [], answerBy: .after(configuration.statementTimeout + Self.answerGrace))
        var queued = true
        for query in request.queries {
            let name: String
            if let known = statementNames[query.sql] {
                name = known
            } else {
                statementCount += 1
                name = "s\(statementCount)"
                statementNames[query.sql] = name
                queued = queued && handle.sendPrepare(name, query)
                group.steps.append(.prepare(sql: query.sql))
            }
            queued = queued && handle.sendExecute(name, query)
            group.steps.append(.execute)
        }
        queued = queued && handle.sendSync()
        inFlight.append(group)
        guard queued else { throw .connectionLost(handle.lastError) }
    }

    // MARK: Reading

    private func readResults(_ handle: PostgresHandle) throws(PostgresError) {
        while !inFlight.isEmpty, PQisBusy(handle.connection) == 0 {
            let result = PQgetResult(handle.connection)
            defer { PQclear(result) }
            guard let result else {
                // The end of one step's results.
                inFlight[0].nextStep += 1
                continue
            }
            try take(result, handle)
        }
    }

    private func take(_ result: OpaquePointer, _ handle: PostgresHandle) throws(PostgresError) {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC:
            let group = inFlight.removeFirst()
            if let error = group.error {
                metrics.fail(group.request, error)
            } else {
                metrics.groupTime.record(since: group.request.asked)
                group.request.continuation.resume(
                    returning: .success(PipelineAnswer(rows: group.rows, session: session)))
            }
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            if case .execute = inFlight[0].step { inFlight[0].rows.append(PostgresRows(result)) }
        case PGRES_PIPELINE_ABORTED:
            forgetUnprepared()
        default:
            forgetUnprepared()
            inFlight[0].error = inFlight[0].error ?? handle.error(of: result)
        }
        if PQstatus(handle.connection) == CONNECTION_BAD { throw .connectionLost(handle.lastError) }
    }

    /// A statement whose parsing failed or was skipped must be parsed again the next time.
    private func forgetUnprepared() {
        if case .prepare(let sql) = inFlight[0].step { statementNames[sql] = nil }
    }
}
