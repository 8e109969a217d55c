import ChatProtocol
import HTTPGuard
import NIOCore
import NIOHTTP1
import Observability
import ServiceKit
import WebSocketServer

/// Who may open a WebSocket at all: a browser from an allowed origin, while this gateway can serve.
struct Admission: Sendable {
    /// Exact origins (`https://chat.example.org`); empty means the gateway's own: the origin's host is the Host header.
    let allowedOrigins: Set<String>
    let isReady: @Sendable () -> Bool
    let connectionCount: @Sendable () -> Int
    let connectionsMax: Int
    let clientAddress: ClientAddress
    /// The sockets that have not said hello.
    let places: ConnectionCount

    func check(_ head: HTTPRequestHead, _ channel: any Channel) throws(OpeningHandshake.Refusal) {
        let origins = head.headers["origin"]
        guard origins.count <= 1 else { throw OpeningHandshake.Refusal(.badRequest, "more than one Origin") }
        if let origin = origins.first, !isAllowed(origin, host: head.headers.first(name: "host") ?? "") {
            GatewayMetrics.shared.handshakesRefused.increment(.origin)
            throw OpeningHandshake.Refusal(.forbidden, "this origin is not allowed")
        }
        let isReady = isReady()
        guard isReady, connectionCount() < connectionsMax, places.hasRoom(for: holder(head, channel)) else {
            GatewayMetrics.shared.handshakesRefused.increment(isReady ? .crowded : .notReady)
            throw OpeningHandshake.Refusal(.serviceUnavailable, "not now; try again", headers: [("Retry-After", "1")])
        }
    }

    /// A place for a socket that was admitted, until it is signed in.
    func enter(_ head: HTTPRequestHead, _ channel: any Channel) -> ConnectionCount.Place? {
        places.enter(holder(head, channel))
    }

    private func holder(_ head: HTTPRequestHead, _ channel: any Channel) -> String {
        let forwarded = head.headers["x-forwarded-for"]
        let address = clientAddress.of(
            peer: channel.remoteAddress?.ipAddress ?? "unknown",
            forwardedFor: forwarded.isEmpty ? nil : forwarded.joined(separator: ","))
        return AddressRange.network(of: address)
    }

    private func isAllowed(_ origin: String, host: String) -> Bool {
        if !allowedOrigins.isEmpty { return allowedOrigins.contains(origin) }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
