import ChatProtocol
import ClientThread
import Logging
import Observability
import ServiceKit
import ServiceLifecycle

/// Does for deleted accounts what is left to do here: their blocks go, and, where that was asked for, the texts of all
/// they wrote. What was deleted is read from auth-service every few seconds and noted in PostgreSQL before the cursor
/// moves, so that an instance may end at any point and any other goes on.
final class FollowDeletions: Service {
    private static let interval: Duration = .seconds(3)

    private let auth: ServiceClient
    private let store: PostgresDeletedUsers
    private let logger: Logger

    init(auth: ServiceClient, store: PostgresDeletedUsers, logger: Logger) {
        self.auth = auth
        self.store = store
        self.logger = logger
    }

    func run() async throws { try await Repeating(every: Self.interval) { await self.follow() }.run() }

    private func follow() async {
        do {
            try await hear()
            while try await store.work() { try Task.checkCancellation() }
        } catch is CancellationError {
            // Stopping: what is left is in the table.
        } catch {
            logger.warning("deleted accounts not followed", metadata: ["reason": "\(error)"])
        }
    }

    private func hear() async throws {
        while true {
            let cursor = try await store.cursor()
            let path = DeletionsAnswer.path + (cursor.map { "?since=\($0)" } ?? "")
            let answer: DeletionsAnswer = try await auth.call(path, method: "GET", deadline: .after(.seconds(3)))
            try await store.note(answer.deletions, cursor: answer.next, after: cursor)
            if answer.deletions.isEmpty { return }
        }
    }
}
