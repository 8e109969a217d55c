package import Logging
package import Postgres

/// The table `auth.audit_log`, to which this service only adds, and a line of the log for each entry.
///
/// What changes something writes its entry in the same statement or transaction, by `\(audit: …)`, and calls
/// ``tell(_:)`` once that is committed. What only refuses calls ``write(_:)``.
package struct AuditLog: Sendable {
    /// Rows that one round of tidying up removes.
    private static let removedMax: Int64 = 10_000

    private let database: Database
    private let logger: Logger

    package init(_ database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Adds an entry for something that has no transaction of its own. A log that cannot be written to changes no
    /// answer.
    package func write(_ entry: AuditEntry) async {
        tell(entry)
        do {
            _ = try await database.query("\(audit: entry)")
        } catch {
            logger.error(
                "an entry of the audit log was lost",
                metadata: ["event": "\(entry.event.rawValue)", "reason": "\(error)"])
        }
    }

    /// Writes the line of an entry that is in the table.
    package func tell(_ entry: AuditEntry) {
        var metadata: Logger.Metadata = ["event": "\(entry.event.rawValue)"]
        metadata["user"] = entry.user.map { "\($0)" }
        metadata["session"] = entry.session.map { "\($0)" }
        metadata["address"] = entry.address.map { "\($0.address.legible)" }
        metadata["device"] = entry.device.map { "\($0.description.legible)" }
        metadata["detail"] = entry.detail.map { "\($0)" }
        logger.notice("audit", metadata: metadata)
    }

    /// The same for the rows that a statement with `\(audit: …, forEach: …)` has given back.
    package func tell(_ entry: AuditEntry, of rows: PostgresRows) throws {
        for row in rows {
            tell(
                AuditEntry(
                    entry.event, user: try row.getOptional(0), session: try row.getOptional(1), from: entry.address,
                    device: try row.getOptional(2, as: String.self).map(DeviceName.init(stored:)), detail: entry.detail)
            )
        }
    }

    /// Removes entries older than so many days, at least 30: of the younger ones the table refuses it.
    package func removeOlder(thanDays days: Int) async throws {
        _ = try await database.query(
            """
            DELETE FROM auth.audit_log WHERE id IN (SELECT id FROM auth.audit_log ORDER BY id LIMIT \(Self.removedMax))
                AND at < now() - \(Int64(days)) * interval '1 day'
            """)
    }
}
