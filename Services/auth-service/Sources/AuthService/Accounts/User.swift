package import ChatProtocol
package import StrictJSON

/// A user as everybody signed in may see them.
package struct User: Sendable, Equatable, JSONCodable {
    package let id: UserID
    package let username: String
    package let displayName: String

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
        }
    }
}
