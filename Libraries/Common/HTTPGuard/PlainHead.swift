import NIOHTTP1

/// A request's head in ASCII, so that whatever is compared with a header or looked for by one takes no longer than its
/// bytes: other text Swift compares by its normal form, and finding that takes time by the square of its marks.
enum PlainHead {
    /// Bytes of a request's target at most.
    static let targetBytesMax = 8192

    /// The head with a `?` for every byte of its headers that is not ASCII. Such bytes mean nothing here (RFC 9110,
    /// section 5.5), and may be in a cookie of somebody else's.
    /// - Throws: where the target is too long, or not what a target may be (RFC 3986, section 2).
    static func read(_ head: HTTPRequestHead) throws(HTTPRefusal) -> HTTPRequestHead {
        guard head.uri.utf8.count <= targetBytesMax else { throw HTTPRefusal(.uriTooLong, "the URL is too long") }
        guard isPlain(head.uri) else { throw HTTPRefusal(.badRequest, "this is not a URL") }
        guard head.headers.contains(where: { !isPlain($0.value) }) else { return head }
        var plain = head
        plain.headers = HTTPHeaders(head.headers.map { ($0.name, plainText($0.value)) })
        return plain
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    private static func plainText(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
