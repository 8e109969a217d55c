package import StrictJSON

/// `POST /internal/v1/users/names` of auth-service: what are these users called? Unknown ones are left out.
package struct UserNamesRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/users/names"
    package let users: [UserID]

    package init(users: [UserID]) { self.users = users }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(users: try json.value("users")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("users", users) } }
}

package struct UserNamesAnswer: Sendable, JSONCodable {
    package let users: [UserName]

    package init(users: [UserName]) { self.users = users }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(users: try json.value("users")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("users", users) } }
}

/// What a user is called.
package struct UserName: Sendable, Equatable, JSONCodable {
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
            id: try json.value("id"), username: try json.value("username"), displayName: try json.value("display_name"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id)
            json.field("username", username)
            json.field("display_name", displayName)
        }
    }
}
