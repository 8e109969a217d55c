import HTTPGuard
import NIOHTTP1
import Testing
import WebSocketServer

@Suite("The opening handshake")
struct OpeningHandshakeTests {
    private func status(_ change: (inout HTTPRequestHead) -> Void) -> HTTPResponseStatus? {
        var head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: "/ws",
            headers: [
                "Host": "chat.example", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            ])
        change(&head)
        do throws(OpeningHandshake.Refusal) {
            try OpeningHandshake.check(head)
            return nil
        } catch {
            return error.status
        }
    }

    @Test("is taken when it is right, and refused with the right status when not")
    func statuses() {
        #expect(status { _ in } == nil)
        #expect(status { $0.method = .POST } == .methodNotAllowed)
        #expect(status { $0.headers.remove(name: "host") } == .badRequest)
        #expect(status { $0.headers.remove(name: "sec-websocket-key") } == .badRequest)
        #expect(status { $0.headers.replaceOrAdd(name: "sec-websocket-key", value: "short") } == .badRequest)
        #expect(status { $0.headers.replaceOrAdd(name: "sec-websocket-version", value: "8") } == .upgradeRequired)
        #expect(status { $0.headers.remove(name: "upgrade") } == .upgradeRequired)
        #expect(status { $0.headers.replaceOrAdd(name: "connection", value: "close") } == .upgradeRequired)
        #expect(status { $0.version = .http1_0 } == .badRequest)
        #expect(status { $0.headers.replaceOrAdd(name: "sec-websocket-version", value: "13 ") } == nil)
        #expect(status { $0.headers.add(name: "content-length", value: "0") } == nil)
        #expect(status { $0.headers.add(name: "content-length", value: "5") } == .badRequest)
        #expect(status { $0.headers.add(name: "transfer-encoding", value: "chunked") } == .badRequest)
    }
}
