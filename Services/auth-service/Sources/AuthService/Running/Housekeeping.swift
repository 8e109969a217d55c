import Logging
import ServiceKit

/// Removes what nobody asks for any more. Any number of instances may do so at once.
struct Housekeeping: Sendable {
    private let sessions: PostgresSessionStore
    private let challenges: PostgresChallengeStore
    private let passkeys: PostgresPasskeyStore
    private let throttle: PostgresThrottleStore
    private let audit: AuditLog
    private let auditDays: Int
    private let logger: Logger

    init(_ database: Database, audit: AuditLog, auditDays: Int, logger: Logger) {
        sessions = PostgresSessionStore(database, audit: audit)
        challenges = PostgresChallengeStore(database: database)
        passkeys = PostgresPasskeyStore(database: database, audit: audit)
        throttle = PostgresThrottleStore(database)
        self.audit = audit
        self.auditDays = auditDays
        self.logger = logger
    }

    var rounds: Repeating { Repeating(every: .seconds(300)) { await self.round() } }

    private func round() async {
        do {
            try await throttle.removeFull()
            try await sessions.removeOld()
            try await audit.removeOlder(thanDays: auditDays)
            try await challenges.removeOld()
            try await passkeys.removeOldChallenges()
        } catch {
            logger.warning("nothing was tidied up", metadata: ["reason": "\(error)"])
        }
    }
}
