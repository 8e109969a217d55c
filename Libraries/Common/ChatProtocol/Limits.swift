package import StrictJSON

/// What bounds every frame, page and request a client can send. Documented in docs/protocol.md; the part a client
/// needs to know is sent in `welcome`.
package enum Limits {
    /// Bytes of one WebSocket text message.
    package static let frameBytesMax = 65_536
    /// UTF-8 bytes of one message body.
    package static let bodyBytesMax = 8_000
    /// Bytes of a frame's own `id`.
    package static let frameIDBytesMax = 64
    /// Bytes of a device's name in a `hello`; what is longer is cut.
    package static let deviceBytesMax = 64
    /// Users one connection may watch.
    package static let watchMax = 200
    /// Messages of one history page.
    package static let historyPageMax = 200
    package static let historyPageDefault = 50
    /// Chats of one page of the chat list and of sync.
    package static let chatsPageMax = 200
    package static let chatsPageDefault = 50
    /// Users of one look-up by ids.
    package static let userIDsMax = 100
    /// Results of one search for users.
    package static let userSearchMax = 20
    /// Chats named in one `resync`; more are asked for by a `resync` without a list.
    package static let resyncChatsMax = 500
    /// Bytes of a public request body.
    package static let requestBytesMax = 65_536
    /// The largest `seq`: what a JSON number holds exactly everywhere (2^53 − 1).
    package static let seqMax: Int64 = 9_007_199_254_740_991
}

/// The limits as `welcome` states them.
package struct WelcomeLimits: Sendable, Equatable {
    package init() {}
}

extension WelcomeLimits: JSONEncodable {
    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("frame_max", Limits.frameBytesMax)
            json.field("body_max", Limits.bodyBytesMax)
            json.field("watch_max", Limits.watchMax)
            json.field("history_page_max", Limits.historyPageMax)
            json.field("chats_page_max", Limits.chatsPageMax)
            json.field("cursor_interval_ms", 500)
            json.field("typing_interval_ms", 3000)
        }
    }
}
