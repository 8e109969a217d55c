package import StrictJSON

/// What becomes of the messages somebody wrote who deletes their account.
package enum MessagesOfDeleted: String, Sendable, CaseIterable, JSONCodable {
    /// They stay, as from a deleted user.
    case keep
    /// Their texts go.
    case erase

    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let choice = json.word.flatMap(Self.init(rawValue:)) else {
            throw .mismatch(field, expected: #""keep" or "erase""#)
        }
        self = choice
    }

    package func encode(to json: inout JSONWriter) { json.string(rawValue) }
}

/// `GET /internal/v1/deletions?since=` of auth-service: which accounts were deleted since the cursor? Without one: all
/// there ever were. At most 1,000 at a time: who gets that many asks again.
package struct DeletionsAnswer: Sendable, JSONCodable {
    package static let path = "/internal/v1/deletions"

    package struct Deletion: Sendable, Equatable, JSONCodable {
        package let user: UserID
        package let messages: MessagesOfDeleted

        package init(user: UserID, messages: MessagesOfDeleted) {
            self.user = user
            self.messages = messages
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(user: try json.value("user"), messages: try json.value("messages"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("user", user)
                json.field("messages", messages)
            }
        }
    }

    package let deletions: [Deletion]
    /// The cursor for the next request.
    package let next: String

    package init(deletions: [Deletion], next: String) {
        self.deletions = deletions
        self.next = next
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(deletions: try json.value("deletions"), next: try json.value("next"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("deletions", deletions)
            json.field("next", next)
        }
    }
}
