import ChatProtocol
import Metrics
import Observability
import WebSocketServer

/// The gateway's own metrics; their names and labels are fixed sets. Depths and ages of queues are read where they are,
/// when somebody asks (``Gateway/addMetrics(to:)``).
struct GatewayMetrics: Sendable {
    static let shared = GatewayMetrics()

    // MARK: Connections

    let connections = Meter("parley_gateway_connections", "WebSockets that are open, signed in or not.")
    let opened = Counter("parley_gateway_connections_opened_total", "WebSockets that were opened.")
    let handshakesRefused = CounterFamily(
        "parley_gateway_handshakes_refused_total", "Correct opening handshakes that were refused.", label: "reason",
        values: HandshakeRefusal.allCases, text: \.rawValue)
    let welcomeTime = Metrics.Timer(
        "parley_gateway_welcome_seconds", "From a connection's hello to its welcome, the wait for presence included.")
    private let closes = CounterFamily(
        "parley_gateway_closes_total",
        "Connections that ended, by the reason this gateway gave; client: the client closed; lost: nobody did.",
        label: "reason", values: CloseCode.allCases.map(\.reason) + ["client", "lost"])

    // MARK: Frames

    let framesIn = CounterFamily(
        "parley_gateway_frames_received_total", "Frames of clients, by type.", label: "type",
        values: FrameKind.allCases, text: \.rawValue)
    let framesOut = Counter("parley_gateway_frames_sent_total", "Frames written to clients.")
    let framesRefused = CounterFamily(
        "parley_gateway_frames_refused_total", "Frames answered with an error, sends that were not stored aside.",
        label: "code", values: ErrorCode.allCases, text: \.rawValue)

    // MARK: Sends

    let sends = CounterFamily(
        "parley_gateway_sends_total", "Messages from clients that were answered, by what they were answered.",
        label: "outcome", values: SendResult.allCases, text: \.rawValue)
    let sendTime = Metrics.Timer(
        "parley_gateway_send_seconds", "From a message's frame to its acknowledgement, for those that were stored.")
    let sendsShed = Counter(
        "parley_gateway_sends_shed_total", "Messages refused at once, because those before them had waited too long.")
    let sendQueueAge = Metrics.Timer(
        "parley_gateway_send_queue_seconds", "How long the oldest message of an append call had waited for it.")
    let sendBatch = Recorder("parley_gateway_append_batch_messages", "Messages of one append call.")

    // MARK: Events and the safety net

    let eventsOut = Counter("parley_gateway_events_sent_total", "Events that other gateways took.")
    let eventsIn = Counter("parley_gateway_events_received_total", "Events of other gateways.")
    let eventsDropped = Counter(
        "parley_gateway_events_dropped_total", "Events that did not reach another gateway; its sweep finds them.")
    let eventBatch = Recorder("parley_gateway_event_batch_events", "Events of one call to another gateway.")
    let routeFallbacks = Counter(
        "parley_gateway_route_fallbacks_total",
        "Batches sent to every gateway, as presence-service did not say where to.")
    let deliveredHere = Delivery.timer("local")
    let deliveredByPeer = Delivery.timer("peer")
    let deliveredBySweep = Counter(
        "parley_gateway_delivered_by_sweep_total",
        "Chats that reached a device here only by the safety net. More than a few: the fast path is broken.")
    let resyncs = CounterFamily(
        "parley_gateway_resyncs_total",
        "Times that users were told to sync: of some chats, or everybody of everything (once for all).",
        label: "scope", values: ["chats", "everything"])
    let sweepTime = Metrics.Timer(
        "parley_gateway_sweep_seconds", "From asking for a sweep to its answer, or to giving up.")
    let sweepFailures = Counter("parley_gateway_sweep_failures_total", "Sweeps that message-service did not answer.")
    let sweptAt = Meter(
        "parley_gateway_swept_timestamp_seconds", "When a sweep was last answered, in seconds since 1970; 0: never.")
    let cursorsDropped = Counter("parley_gateway_cursors_dropped_total", "Cursors that found no room to wait.")

    // MARK: Lease

    let leaseRenewedAt = Meter(
        "parley_gateway_lease_renewed_timestamp_seconds",
        "When presence-service last renewed this gateway's lease, in seconds since 1970; 0: never.")
    let heartbeatFailures = Counter(
        "parley_gateway_heartbeat_failures_total", "Heartbeats that presence-service did not answer.")

    /// Counts the end of a connection.
    func ended(_ ending: WebSocket.Ending) {
        switch ending {
        case .closedHere(let code): closes.increment((CloseCode(rawValue: code) ?? .protocolError).reason)
        case .closedByPeer: closes.increment("client")
        case .lost: closes.increment("lost")
        }
    }
}

enum HandshakeRefusal: String, CaseIterable {
    case origin
    case notReady = "not_ready"
    /// Too many connections that have not said hello.
    case crowded
}

enum FrameKind: String, CaseIterable {
    case hello, send, cursor, typing, watch, ping
    /// No frame, or a broken one.
    case unreadable

    init(_ frame: ClientFrame) {
        switch frame {
        case .hello: self = .hello
        case .send: self = .send
        case .cursor: self = .cursor
        case .typing: self = .typing
        case .watch: self = .watch
        case .ping: self = .ping
        }
    }
}

enum SendResult: String, CaseIterable {
    case stored, conflict, unavailable, `internal`
    case notFound = "not_found"

    init(_ outcome: AppendOutcome) {
        switch outcome {
        case .stored: self = .stored
        case .refused(.notFound): self = .notFound
        case .refused(.conflict): self = .conflict
        case .refused(.unavailable): self = .unavailable
        case .refused: self = .internal
        }
    }
}

/// How long messages take from their commit, as this gateway knows it, to sockets. All of it is one host's monotonic
/// clock: neither `sent_at`, which is PostgreSQL's clock before the commit, nor the clock of a peer is believed.
private enum Delivery {
    static func timer(_ path: String) -> Metrics.Timer {
        Metrics.Timer(
            "parley_gateway_delivery_seconds",
            "From the append's answer to the frames being written to sockets, for the oldest message of each batch. "
                + "local: on this gateway; peer: until another one has answered that it did, its answer's way included.",
            [("path", path)])
    }
}
