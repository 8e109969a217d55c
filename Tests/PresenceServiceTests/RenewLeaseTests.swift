import Testing

@testable import PresenceService

@Suite("What a heartbeat may say")
struct RenewLeaseTests {
    @Test(arguments: ["http://127.0.0.1:9103", "https://gateway-1.internal:9103", "http://[::1]:9103"])
    func anOriginIsAnAddress(text: String) { #expect(RenewLease.isAddress(text)) }

    @Test(arguments: [
        "", "http://", "127.0.0.1:9103", "ftp://a:1", "http://a:1/path", "http://a:1?x", "http://u@a:1", "http://a b",
        "http://a\n", "http://\(String(repeating: "a", count: 256))",
    ])
    func anythingElseIsNone(text: String) { #expect(!RenewLease.isAddress(text)) }
}
