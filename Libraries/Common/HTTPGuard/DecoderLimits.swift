package import NIOHTTP1

extension NIOHTTPDecoderLimitConfiguration {
    /// What a request's head may be at most.
    package static var bounded: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 * 1024
        limits.maxHeaderListSize = 32 * 1024
        limits.maxHeaderFieldCount = 100
        return limits
    }
}
