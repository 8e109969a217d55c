package import StrictJSON

/// `POST /internal/v1/heartbeat` of presence-service: this instance lives; who else does? Sent every 3 s; the lease
/// runs out 10 s after the last one.
package struct HeartbeatRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/heartbeat"
    package let instance: InstanceID
    package let service: String
    /// Where the instance's internal listener is: `http://host:port`.
    package let address: String

    package init(instance: InstanceID, service: String, address: String) {
        self.instance = instance
        self.service = service
        self.address = address
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            instance: try json.value("instance"), service: try json.value("service"),
            address: try json.value("address"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("instance", instance)
            json.field("service", service)
            json.field("address", address)
        }
    }
}

package struct HeartbeatAnswer: Sendable, JSONCodable {
    package struct Instance: Sendable, Hashable, JSONCodable {
        package let id: InstanceID
        package let address: String

        package init(id: InstanceID, address: String) {
            self.id = id
            self.address = address
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(id: try json.value("instance"), address: try json.value("address"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("instance", id)
                json.field("address", address)
            }
        }
    }

    /// All live instances of the same service, the asker included.
    package let instances: [Instance]
    /// The number of the last batch of connections that was applied for the asker; 0 if Redis knows none.
    package let applied: Int64

    package init(instances: [Instance], applied: Int64) {
        self.instances = instances
        self.applied = applied
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(instances: try json.value("instances"), applied: try json.value("applied"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("instances", instances)
            json.field("applied", applied)
        }
    }
}

/// `POST /internal/v1/goodbye` of presence-service: the instance stops; its lease and connections go at once.
package struct GoodbyeRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/goodbye"
    package let instance: InstanceID

    package init(instance: InstanceID) { self.instance = instance }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(instance: try json.value("instance")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("instance", instance) } }
}

/// `POST /internal/v1/connections` of presence-service: batch `number` of this gateway's stream of changes. It is
/// applied only if it is the next one; with `reset` it replaces all that is known of the gateway.
package struct ConnectionsRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/connections"

    package struct Opened: Sendable, JSONCodable {
        package let connection: ConnectionID
        package let user: UserID
        package let session: SessionID
        package let device: String

        package init(connection: ConnectionID, user: UserID, session: SessionID, device: String) {
            self.connection = connection
            self.user = user
            self.session = session
            self.device = device
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(
                connection: try json.value("connection"), user: try json.value("user"),
                session: try json.value("session"), device: try json.value("device"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("connection", connection)
                json.field("user", user)
                json.field("session", session)
                json.field("device", device)
            }
        }
    }

    package let instance: InstanceID
    package let number: Int64
    package let reset: Bool
    package let opened: [Opened]
    package let closed: [ConnectionID]

    package init(
        instance: InstanceID, number: Int64, reset: Bool, opened: [Opened], closed: [ConnectionID]
    ) {
        self.instance = instance
        self.number = number
        self.reset = reset
        self.opened = opened
        self.closed = closed
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            instance: try json.value("instance"), number: try json.value("number"), reset: try json.value("reset"),
            opened: try json.value("opened"), closed: try json.value("closed"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("instance", instance)
            json.field("number", number)
            json.field("reset", reset)
            json.field("opened", opened)
            json.field("closed", closed)
        }
    }
}

/// The number of the last batch applied; another number than the one sent means: begin again with a `reset`.
package struct ConnectionsAnswer: Sendable, JSONCodable {
    package let applied: Int64

    package init(applied: Int64) { self.applied = applied }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(applied: try json.value("applied")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("applied", applied) } }
}

/// `POST /internal/v1/routes` of presence-service: on which live gateways are these users connected?
package struct RoutesRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/routes"
    package let users: [UserID]

    package init(users: [UserID]) { self.users = users }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(users: try json.value("users")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("users", users) } }
}

package struct RoutesAnswer: Sendable, JSONCodable {
    package struct Route: Sendable, Equatable, JSONCodable {
        package let user: UserID
        package let instances: [InstanceID]

        package init(user: UserID, instances: [InstanceID]) {
            self.user = user
            self.instances = instances
        }

        package init(json: JSONValue, field: String) throws(JSONError) {
            self.init(user: try json.value("user"), instances: try json.value("instances"))
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("user", user)
                json.field("instances", instances)
            }
        }
    }

    /// One entry per user that is connected somewhere.
    package let routes: [Route]

    package init(routes: [Route]) { self.routes = routes }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(routes: try json.value("routes")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("routes", routes) } }
}

/// `POST /internal/v1/watch` of presence-service: this gateway watches (and no longer watches) these users. The answer
/// holds the present state of those it watches now; changes come as ``PresenceChanges``. Watching twice is harmless,
/// and gateways do so every now and then to mend what was lost.
package struct WatchRequest: Sendable, JSONCodable {
    package static let path = "/internal/v1/watch"
    package let instance: InstanceID
    package let watch: [UserID]
    package let unwatch: [UserID]

    package init(instance: InstanceID, watch: [UserID], unwatch: [UserID]) {
        self.instance = instance
        self.watch = watch
        self.unwatch = unwatch
    }

    package init(json: JSONValue, field: String) throws(JSONError) {
        self.init(
            instance: try json.value("instance"), watch: try json.value("watch"), unwatch: try json.value("unwatch"))
    }

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("instance", instance)
            json.field("watch", watch)
            json.field("unwatch", unwatch)
        }
    }
}

/// States of users: the answer to ``WatchRequest``, and what presence-service posts to a watching gateway
/// (`POST /internal/v1/presence`).
package struct PresenceChanges: Sendable, JSONCodable {
    package static let path = "/internal/v1/presence"
    package let states: [Presence]

    package init(states: [Presence]) { self.states = states }
    package init(json: JSONValue, field: String) throws(JSONError) { self.init(states: try json.value("states")) }
    package func encode(to json: inout JSONWriter) { json.object { $0.field("states", states) } }
}
