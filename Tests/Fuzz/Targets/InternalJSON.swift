import ChatProtocol
import StrictJSON
import Tokens

/// A body that services send one another, read as each of the types there are.
func internalJSON(_ input: [UInt8]) {
    guard let json = try? JSONDocument(parsing: input).root else { return }
    for type in bodies { checkBody(json, type) }
    if let wait = (try? ParleyError(json: json, field: "body"))?.retryAfter {
        require(.zero <= wait && wait <= ParleyError.retryAfterMax, "a wait is within bounds")
    }
    if let set = try? KeySet(json: json, field: "body") {
        for key in set.keys { checkKey(key) }
    }
}

private let bodies: [any (JSONCodable & Sendable).Type] = [
    AppendAnswer.self, AppendRequest.self, ConnectionsAnswer.self, ConnectionsRequest.self, DeletionsAnswer.self,
    Done.self, EndSessionsRequest.self, EventsRequest.self, ExistingUsersAnswer.self, ExistingUsersRequest.self,
    GoodbyeRequest.self, HeartbeatAnswer.self, HeartbeatRequest.self, KeySet.self, MembersAnswer.self,
    MembersRequest.self, Message.self, ParleyError.self, PresenceChanges.self, RaiseCursorsAnswer.self,
    RaiseCursorsRequest.self, RevocationsAnswer.self, RoutesAnswer.self, RoutesRequest.self, TipsAnswer.self,
    TipsRequest.self, UserNamesAnswer.self, UserNamesRequest.self, VisibleAnswer.self, VisibleRequest.self,
    WatchRequest.self,
]

private func checkBody<Body: JSONCodable>(_ json: JSONValue, _ type: Body.Type) {
    guard let body = try? Body(json: json, field: "body") else { return }
    let text = JSONWriter.encode(body)
    do throws(JSONError) {
        require(JSONWriter.encode(try Body(parsing: text)) == text, "a body that is written is read as the same")
    } catch {
        require(false, "a \(type) that is written can be read: \(error)")
    }
}

/// As the services take the keys of auth-service.
private func checkKey(_ key: KeySet.Key) {
    guard let bytes = Base64URL.decode(key.x) else { return }
    require(Base64URL.encode(bytes) == key.x, "base64url has one spelling")
    if let verification = VerificationKey(id: key.id, bytes: bytes) {
        require(verification.bytes == bytes, "a key is its bytes")
    }
}
