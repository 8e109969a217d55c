package import ClientThread
package import Logging

/// Where PostgreSQL is and how patient a connection to it may be.
package struct PostgresConfiguration: Sendable {
    /// A libpq connection URI or keyword string; what it says wins over the defaults here.
    package var url: String
    package var applicationName: String
    package var statementTimeout: Duration
    package var lockTimeout: Duration
    /// What else the session is set to: `name = value`.
    package var sessionSettings: [StaticString] = []

    package init(
        url: String, applicationName: String, statementTimeout: Duration = .seconds(5),
        lockTimeout: Duration = .seconds(2)
    ) {
        self.url = url
        self.applicationName = applicationName
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
    }
}

/// One connection to PostgreSQL in pipeline mode, driven by a thread of its own: many tasks' statements share it
/// without waiting for one another, and it connects again by itself.
///
/// A *group* of statements is sent with one sync, which makes it one implicit transaction in one round trip.
package final class PostgresConnection: Sendable {
    /// Groups that may wait to be sent.
    private static let waitingMax = 4096

    private let inbox: Inbox<PipelineRequest>
    private let metrics: PostgresMetrics

    package init(_ configuration: PostgresConfiguration, logger: Logger) {
        let inbox = Inbox<PipelineRequest>(itemsMax: Self.waitingMax)
        let metrics = PostgresMetrics(pool: configuration.applicationName)
        self.inbox = inbox
        self.metrics = metrics
        startThread {
            PostgresPipeline(configuration: configuration, inbox: inbox, metrics: metrics, logger: logger).run()
        }
    }

    deinit { inbox.close() }

    /// Runs tasks on the connection's thread, for those that do little but query.
    package var executor: any TaskExecutor { inbox }

    /// Sends what is queued, waits for what is in flight, and ends the thread.
    package func close() { inbox.close() }

    /// Runs one statement in a transaction of its own.
    package func query(_ query: PostgresQuery, deadline: Deadline) async throws(PostgresError) -> PostgresRows {
        try await group([query], deadline: deadline)[0]
    }

    /// Runs the statements as one implicit transaction in one round trip.
    /// - Parameter deadline: a group that has not been sent by then is dropped; one that was sent runs to its
    ///   statement timeout.
    /// - Returns: the rows of each statement.
    package func group(
        _ queries: [PostgresQuery], deadline: Deadline
    ) async throws(PostgresError) -> [PostgresRows] {
        try await send(queries, session: nil, deadline: deadline).rows
    }

    /// As ``group(_:deadline:)``, refused when the connection is no longer the one numbered `session`: what belongs to
    /// an open transaction must not run outside it after a reconnect.
    func send(
        _ queries: [PostgresQuery], session: Int?, deadline: Deadline
    ) async throws(PostgresError) -> PipelineAnswer {
        let result: Result<PipelineAnswer, PostgresError> = await withCheckedContinuation { continuation in
            let request = PipelineRequest(
                queries: queries, session: session, deadline: deadline, continuation: continuation)
            do {
                try inbox.push(request)
            } catch {
                metrics.fail(request, .notSent("\(error)"))
            }
        }
        return try result.get()
    }
}

struct PipelineRequest: Sendable {
    let queries: [PostgresQuery]
    let session: Int?
    let deadline: Deadline
    let asked = ContinuousClock.now
    let continuation: CheckedContinuation<Result<PipelineAnswer, PostgresError>, Never>
}

struct PipelineAnswer: Sendable {
    let rows: [PostgresRows]
    /// Counts the connections this object has made; a transaction lives in one of them.
    let session: Int
}
