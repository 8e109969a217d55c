import ChatProtocol
import Metrics

/// The gateway's own metrics; their names and labels are fixed sets.
enum GatewayMetrics {
    static let connections = Metrics.Recorder(label: "parley_gateway_connections", aggregate: false)
    static let framesIn = Metrics.Counter(label: "parley_gateway_frames_received_total")
    static let framesOut = Metrics.Counter(label: "parley_gateway_frames_sent_total")
    static let sends = Metrics.Counter(label: "parley_gateway_sends_total")
    static let sendTime = Metrics.Timer(label: "parley_gateway_send_seconds")
    /// Sends refused because the oldest before them had waited too long.
    static let sendsShed = Metrics.Counter(label: "parley_gateway_sends_shed_total")
    /// How long the oldest message of a call had waited for it.
    static let sendQueueAge = Metrics.Timer(label: "parley_gateway_send_queue_seconds")
    static let sendBatch = Metrics.Counter(label: "parley_gateway_append_calls_total")
    static let eventsOut = Metrics.Counter(label: "parley_gateway_events_sent_total")
    static let eventsIn = Metrics.Counter(label: "parley_gateway_events_received_total")
    static let eventsDropped = Metrics.Counter(label: "parley_gateway_events_dropped_total")
    static let routeFallbacks = Metrics.Counter(label: "parley_gateway_route_fallbacks_total")
    /// Chats that reached a device here only by the safety net. More than a few say that the fast path is broken.
    static let deliveredBySweep = Metrics.Counter(label: "parley_gateway_delivered_by_sweep_total")
    static let sweepFailures = Metrics.Counter(label: "parley_gateway_sweep_failures_total")

    private static let closes = Dictionary(
        uniqueKeysWithValues: CloseCode.allCases.map { code in
            (code, Metrics.Counter(label: "parley_gateway_closes_total", dimensions: [("reason", code.reason)]))
        })

    static func closed(_ code: CloseCode) { closes[code]?.increment() }
}
