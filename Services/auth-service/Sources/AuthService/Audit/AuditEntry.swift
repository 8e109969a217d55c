package import ChatProtocol
package import Postgres

/// One entry of the audit log: nothing secret, and nothing that a stranger typed but the name of their device.
package struct AuditEntry: Sendable {
    let event: AuditEvent
    let user: UserID?
    /// The session that it is about.
    let session: SessionID?
    let address: AddressPrefix?
    let device: DeviceName?
    /// Words and ids of ours.
    let detail: String?

    package init(
        _ event: AuditEvent, user: UserID? = nil, session: SessionID? = nil, from address: AddressPrefix? = nil,
        device: DeviceName? = nil, detail: String? = nil
    ) {
        self.event = event
        self.user = user
        self.session = session
        self.address = address
        self.device = device
        self.detail = detail
    }
}

extension PostgresQuery.StringInterpolation {
    /// A statement that adds the entry.
    package mutating func appendInterpolation(audit entry: AuditEntry) {
        appendAudit(entry)
        appendInterpolation(entry.user)
        appendLiteral(", ")
        appendInterpolation(entry.session)
        appendLiteral(", ")
        appendInterpolation(entry.device?.description)
    }

    /// A statement that adds the entry once for each row of a relation with `user_id`, `session_id` and `device`, which
    /// stand for the entry's own: the last part of a statement whose first, in `WITH`, makes the change, so that there is
    /// an entry if and only if there was one. Touches as many rows, and gives back what ``AuditLog/tell(_:of:)`` reads.
    package mutating func appendInterpolation(audit entry: AuditEntry, forEach relation: StaticString) {
        appendAudit(entry)
        appendLiteral("user_id, session_id, device FROM \(relation) RETURNING user_id, session_id, device")
    }

    private mutating func appendAudit(_ entry: AuditEntry) {
        appendLiteral(
            "INSERT INTO auth.audit_log (event, address, detail, user_id, session_id, device) SELECT ")
        appendInterpolation(entry.event.rawValue)
        appendLiteral(", ")
        appendInterpolation(entry.address?.address.legible)
        appendLiteral(", ")
        appendInterpolation(entry.detail)
        appendLiteral(", ")
    }
}

extension String {
    /// Without what a terminal or a reader's eye could be misled by: control and format characters (bidirectional
    /// overrides among them) and line separators become `\u{…}` (OWASP Logging Cheat Sheet, "Event collection").
    /// At most 64 characters of the original.
    var legible: String {
        var text = ""
        for scalar in unicodeScalars.prefix(64) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            case _ where scalar == "\\": text += "\\\\"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
