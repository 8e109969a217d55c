import Logging
import ServiceKit

/// Removes what nobody asks for any more. Any number of instances may do so at once.
struct Housekeeping: Sendable {
    private let sessions: PostgresSessionStore
    private let throttle: PostgresThrottleStore
    private let logger: Logger

    init(_ database: Database, logger: Logger) {
        sessions = PostgresSessionStore(database)
        throttle = PostgresThrottleStore(database)
        self.logger = logger
    }

    var rounds: Repeating { Repeating(every: .seconds(300)) { await self.round() } }

    private func round() async {
        do {
            try await throttle.removeFull()
            try await sessions.removeOld()
        } catch {
            logger.warning("nothing was tidied up", metadata: ["reason": "\(error)"])
        }
    }
}
