/// Every error code a client can meet, in frames and in REST answers, with what the client must do.
/// A client that meets a code it does not know goes by `retryable`.
package enum ErrorCode: String, Sendable, CaseIterable {
    /// The frame could not be read or broke a rule of the protocol. Final: mend the client.
    case badFrame = "bad_frame"
    /// The request could not be read or broke a rule (REST). Final.
    case badRequest = "bad_request"
    /// No valid token. Refresh the access token, then try again once; else sign in.
    case unauthenticated
    /// The password is right, and a second factor is needed as well: the answer holds a challenge (REST only).
    case factorRequired = "factor_required"
    /// Signed in, but this may not be done. Final.
    case forbidden
    /// No such thing, or none that this user may see: the two answer alike. Final.
    case notFound = "not_found"
    /// The method is not served here. Final.
    case methodNotAllowed = "method_not_allowed"
    /// The same id with another content, or a name that is taken. Final.
    case conflict
    /// More bytes than the limit. Final.
    case tooLarge = "too_large"
    /// The body is not JSON. Final.
    case unsupportedMediaType = "unsupported_media_type"
    /// Too many in too short a time. Wait `retry_after_ms`, then it may be tried again.
    case rateLimited = "rate_limited"
    /// Not now; *outcome unknown*: repeat with the same id.
    case unavailable
    /// A fault of the server; *outcome unknown*: repeat with the same id.
    case `internal`

    /// Whether repeating the very same request can succeed without anything else changing.
    package var retryable: Bool {
        switch self {
        case .unavailable, .internal, .rateLimited: true
        default: false
        }
    }

    /// The status a REST answer carries (RFC 9110).
    package var status: Int {
        switch self {
        case .badFrame, .badRequest: 400
        case .unauthenticated, .factorRequired: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .rateLimited: 429
        case .internal: 500
        case .unavailable: 503
        }
    }
}
