import NIOHTTP1
import Testing

@testable import HTTPGuard

@Suite("A head") struct PlainHeadTests {
    private func read(_ uri: String, _ headers: HTTPHeaders = [:]) throws(HTTPRefusal) -> HTTPRequestHead {
        try PlainHead.read(HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers))
    }

    @Test("is ASCII: every other byte of a header is a question mark, and the rest of a cookie stays")
    func headers() throws {
        let plain = try read("/", ["cookie": "other=\u{E9}t\u{E9}; parley_refresh=abc", "host": "chat.example.org"])
        #expect(plain.headers["cookie"] == ["other=??t??; parley_refresh=abc"])
        #expect(plain.headers["host"] == ["chat.example.org"])
        #expect(try read("/a?b=%C3%A9", ["host": "a"]).headers["host"] == ["a"])
    }

    @Test(
        "with a target that is too long or not ASCII is refused",
        arguments: [("/" + String(repeating: "a", count: 8192), 414), ("/\u{E9}", 400)])
    func target(uri: String, status: Int) {
        #expect { try read(uri) } throws: { ($0 as? HTTPRefusal)?.status.code == UInt(status) }
    }
}
