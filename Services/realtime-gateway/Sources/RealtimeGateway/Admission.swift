import ChatProtocol
import NIOHTTP1
import Observability
import ServiceKit
import WebSocketServer

/// Who may open a WebSocket at all: a browser from an allowed origin, while this gateway can serve.
struct Admission: Sendable {
    /// Exact origins (`https://chat.example.org`); empty means the gateway's own: the origin's host is the Host header.
    let allowedOrigins: Set<String>
    let isReady: @Sendable () -> Bool
    let unauthenticatedCount: @Sendable () -> Int

    func check(_ head: HTTPRequestHead) throws(OpeningHandshake.Refusal) {
        let origins = head.headers["origin"]
        guard origins.count <= 1 else { throw OpeningHandshake.Refusal(.badRequest, "more than one Origin") }
        if let origin = origins.first, !isAllowed(origin, host: head.headers.first(name: "host") ?? "") {
            GatewayMetrics.shared.handshakesRefused.increment(.origin)
            throw OpeningHandshake.Refusal(.forbidden, "this origin is not allowed")
        }
        let isReady = isReady()
        guard isReady, unauthenticatedCount() < ConnectionLimits.unauthenticatedMax else {
            GatewayMetrics.shared.handshakesRefused.increment(isReady ? .crowded : .notReady)
            throw OpeningHandshake.Refusal(.serviceUnavailable, "not now; try again", headers: [("Retry-After", "1")])
        }
    }

    private func isAllowed(_ origin: String, host: String) -> Bool {
        if !allowedOrigins.isEmpty { return allowedOrigins.contains(origin) }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
