package import ChatProtocol
package import StrictJSON

/// A user as everybody signed in may see them. Of one who deleted the account only the id is left.
package struct User: Sendable, Equatable, JSONCodable {
    package let id: UserID
    package let username: String
    package let displayName: String

    /// What a deleted user is called. Their username is empty, as no other can be.
    package static let deletedName = "Deleted user"
    package var isDeleted: Bool { username.isEmpty }

    package init(id: UserID, username: String, displayName: String) {
        self.id = id
        self.username = username
        self.displayName = displayName
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            id: try json.value("id"), username: try json.value("username"),
            displayName: try json.value("display_name"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id)
            json.field("username", username)
            json.field("display_name", displayName)
            if isDeleted { json.field("deleted", true) }
        }
    }
}
