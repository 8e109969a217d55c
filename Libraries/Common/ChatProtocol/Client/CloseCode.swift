/// Every close code the gateway sends, with what the client must do. 4000–4499: reconnect with backoff; 4500–4999: stop.
package enum CloseCode: UInt16, Sendable, CaseIterable {
    // RFC 6455, section 7.4.1
    /// The gateway is going away: reconnect.
    case goingAway = 1001
    /// The WebSocket protocol was broken (bad mask, bad opcode, bad fragment): mend the client.
    case protocolError = 1002
    /// A binary message: mend the client.
    case unsupportedData = 1003
    /// Text that is not UTF-8: mend the client.
    case invalidPayload = 1007
    /// A message over the frame limit: mend the client.
    case messageTooBig = 1009

    // Reconnect
    /// No `hello` within 10 s of the opening: reconnect.
    case helloTimeout = 4000
    /// The client did not read fast enough and its queue was full: reconnect and sync.
    case slowConsumer = 4001
    /// Nothing was heard from the client for two heartbeats: reconnect.
    case heartbeatTimeout = 4002
    /// The access token ran out: refresh it first, then reconnect.
    case tokenExpired = 4003
    /// Far too many frames: reconnect after the backoff.
    case rateLimited = 4004

    // Stop
    /// Ten bad frames in a minute, or another protocol version: mend the client.
    case badProtocol = 4500
    /// The token is not valid: sign in again.
    case unauthenticated = 4501
    /// The session was ended (signed out, password changed): sign in again.
    case sessionRevoked = 4502
    /// Too many connections of one session: this oldest one was closed; do not reconnect by itself.
    case replaced = 4503

    /// The reason text of the close frame.
    package var reason: String {
        switch self {
        case .goingAway: "going_away"
        case .protocolError: "protocol_error"
        case .unsupportedData: "unsupported_data"
        case .invalidPayload: "invalid_payload"
        case .messageTooBig: "message_too_big"
        case .helloTimeout: "hello_timeout"
        case .slowConsumer: "slow_consumer"
        case .heartbeatTimeout: "heartbeat_timeout"
        case .tokenExpired: "token_expired"
        case .rateLimited: "rate_limited"
        case .badProtocol: "bad_protocol"
        case .unauthenticated: "unauthenticated"
        case .sessionRevoked: "session_revoked"
        case .replaced: "replaced"
        }
    }
}
