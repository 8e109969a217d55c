package import StrictJSON

/// `GET /internal/v1/revocations?since=` of auth-service: which sessions were ended since the cursor? Without one: all
/// whose access tokens may still be in date.
package struct RevocationsAnswer: Sendable, JSONCodable {
    package static let path = "/internal/v1/revocations"

    package struct Revocation: Sendable, Equatable, JSONCodable {
        package let session: SessionID
        /// From then on no token of the session can still be in date, and the entry can be forgotten.
        package let until: Timestamp

        package init(session: SessionID, until: Timestamp) {
            self.session = session
            self.until = until
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(session: try json.value("session"), until: try json.value("until"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("session", session)
                json.field("until", until)
            }
        }
    }

    package let revocations: [Revocation]
    /// The cursor for the next request.
    package let next: String

    package init(revocations: [Revocation], next: String) {
        self.revocations = revocations
        self.next = next
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(revocations: try json.value("revocations"), next: try json.value("next"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("revocations", revocations)
            json.field("next", next)
        }
    }
}

/// `POST /internal/v1/revocations` of realtime-gateway: end these sessions' sockets now. Only makes faster what the
/// gateway's own reading of the list does anyway.
package struct EndSessionsRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/revocations"
    package let revocations: [RevocationsAnswer.Revocation]

    package init(revocations: [RevocationsAnswer.Revocation]) { self.revocations = revocations }
    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(revocations: try json.value("revocations"))
    }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("revocations", revocations) } }
}

/// `GET /.well-known/jwks.json` of auth-service: the public keys of access tokens (RFC 7517, RFC 8037).
package struct KeySet: Sendable, JSONCodable {
    package static let path = "/.well-known/jwks.json"

    package struct Key: Sendable, Equatable, JSONCodable {
        package let id: String
        /// The public key, base64url.
        package let x: String

        package init(id: String, x: String) {
            self.id = id
            self.x = x
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(id: try json.value("kid"), x: try json.value("x"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("kty", "OKP")
                json.field("crv", "Ed25519")
                json.field("alg", "EdDSA")
                json.field("use", "sig")
                json.field("kid", id)
                json.field("x", x)
            }
        }
    }

    package let keys: [Key]

    package init(keys: [Key]) { self.keys = keys }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(keys: try json.value("keys")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("keys", keys) } }
}

/// `POST /internal/v1/users/exist` of auth-service: which of these users exist?
package struct ExistingUsersRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/users/exist"
    package let users: [UserID]

    package init(users: [UserID]) { self.users = users }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(users: try json.value("users")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("users", users) } }
}

package struct ExistingUsersAnswer: Sendable, JSONCodable {
    package let users: [UserID]

    package init(users: [UserID]) { self.users = users }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(users: try json.value("users")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("users", users) } }
}
