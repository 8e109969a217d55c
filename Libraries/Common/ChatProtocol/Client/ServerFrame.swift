package import StrictJSON

/// A frame from the gateway, version 1 of the protocol.
package enum ServerFrame: Sendable, Equatable {
    case welcome(Welcome)
    case ack(Acknowledgement)
    case message(Message)
    case cursor(chat: ChatHash, user: UserID, delivered: Int64, read: Int64)
    case typing(chat: ChatHash, user: UserID, active: Bool)
    case presence(Presence)
    case pong(id: FrameID?, serverTime: Timestamp, health: SystemHealth)
    case status(serverTime: Timestamp, health: SystemHealth)
    /// Without chats: ask for everything by sync.
    case resync(chats: [ResyncChat]?)
    case drain(reconnectAfter: Duration)
    case error(id: FrameID?, ParleyError)

    package struct Welcome: Sendable, Equatable {
        package let user: UserID
        package let session: SessionID
        package let connection: ConnectionID
        /// The gateway that holds the connection, so that a person can say where they were when something failed.
        package let gateway: InstanceID
        package let heartbeat: Duration
        package let serverTime: Timestamp
        package let historyEpoch: String

        package init(
            user: UserID, session: SessionID, connection: ConnectionID, gateway: InstanceID, heartbeat: Duration,
            serverTime: Timestamp, historyEpoch: String
        ) {
            self.user = user
            self.session = session
            self.connection = connection
            self.gateway = gateway
            self.heartbeat = heartbeat
            self.serverTime = serverTime
            self.historyEpoch = historyEpoch
        }
    }

    package struct ResyncChat: Sendable, Equatable, JSONEncodable {
        package let chat: ChatHash
        package let lastSeq: Int64

        package init(chat: ChatHash, lastSeq: Int64) {
            self.chat = chat
            self.lastSeq = lastSeq
        }

        package func encode(to json: inout JSONWriter) {
            json.object { json in
                json.field("chat", chat)
                json.field("last_seq", lastSeq)
            }
        }
    }

    /// The name in the `type` field; a bounded set, used as a metric label.
    package var type: StaticString {
        switch self {
        case .welcome: "welcome"
        case .ack: "ack"
        case .message: "message"
        case .cursor: "cursor"
        case .typing: "typing"
        case .presence: "presence"
        case .pong: "pong"
        case .status: "status"
        case .resync: "resync"
        case .drain: "drain"
        case .error: "error"
        }
    }
}

/// Whether a user is there, as far as this asker may know.
package struct Presence: Sendable, Equatable {
    package enum State: String, Sendable {
        case online, offline, unknown
    }

    package let user: UserID
    package let state: State
    package let lastSeen: Timestamp?

    package init(user: UserID, state: State, lastSeen: Timestamp?) {
        self.user = user
        self.state = state
        self.lastSeen = lastSeen
    }
}

/// The state of the services behind a gateway.
package struct SystemHealth: Sendable, Equatable {
    package let auth: Bool
    package let message: Bool
    package let presence: Bool

    package init(auth: Bool, message: Bool, presence: Bool) {
        self.auth = auth
        self.message = message
        self.presence = presence
    }

    package var isDegraded: Bool { !(auth && message && presence) }

    func encodeFields(to json: inout JSONWriter) {
        func word(_ up: Bool) -> String { up ? "up" : "down" }
        json.field("status", isDegraded ? "degraded" : "ok")
        json.key("services")
        json.object { json in
            json.field("auth", word(auth))
            json.field("message", word(message))
            json.field("presence", word(presence))
        }
    }
}

extension ServerFrame: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.key("type")
            json.word(type)
            encodeFields(to: &json)
        }
    }

    private func encodeFields(to json: inout JSONWriter) {
        switch self {
        case .welcome(let welcome): welcome.encodeFields(to: &json)
        case .ack(let ack): ack.encodeFields(to: &json)
        case .message(let message): message.encodeFields(to: &json)
        case .cursor(let chat, let user, let delivered, let read):
            json.field("chat", chat)
            json.field("user", user)
            json.field("delivered", delivered)
            json.field("read", read)
        case .typing(let chat, let user, let active):
            json.field("chat", chat)
            json.field("user", user)
            json.field("active", active)
        case .presence(let presence): presence.encodeFields(to: &json)
        case .pong(let id, let serverTime, let health):
            json.field("id", ifPresent: id)
            json.field("server_time", serverTime)
            health.encodeFields(to: &json)
        case .status(let serverTime, let health):
            json.field("server_time", serverTime)
            health.encodeFields(to: &json)
        case .resync(let chats): json.field("chats", ifPresent: chats)
        case .drain(let delay): json.field("reconnect_after_ms", delay.milliseconds)
        case .error(let id, let error):
            json.field("id", ifPresent: id)
            json.field("code", error.code.rawValue)
            json.field("message", error.message)
            json.field("retryable", error.code.retryable)
            json.field("retry_after_ms", ifPresent: error.retryAfter?.milliseconds)
        }
    }
}

extension ServerFrame.Welcome {
    fileprivate func encodeFields(to json: inout JSONWriter) {
        json.field("user", user)
        json.field("session", session)
        json.field("connection", connection)
        json.field("gateway", gateway)
        json.field("heartbeat_ms", heartbeat.milliseconds)
        json.field("server_time", serverTime)
        json.field("history_epoch", historyEpoch)
        json.field("limits", WelcomeLimits())
    }
}

extension Presence: JSONCodable {
    package init(json: JSONValue, field: String) throws(JSONError) {
        guard let state = State(rawValue: try json.value("state")) else {
            throw .mismatch("state", expected: "online, offline or unknown")
        }
        self.init(user: try json.value("user"), state: state, lastSeen: try json.optional("last_seen"))
    }

    func encodeFields(to json: inout JSONWriter) {
        json.field("user", user)
        json.field("state", state.rawValue)
        json.field("last_seen", ifPresent: lastSeen)
    }

    package func encode(to json: inout JSONWriter) {
        json.object { encodeFields(to: &$0) }
    }
}
