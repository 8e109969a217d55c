import ChatProtocol
import ClientThread
import Logging
import Redis
import Testing

@testable import PresenceService

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Redis away")
struct RedisAwayTests {
    @Test func nobodyThereIsUnavailableAtOnce() async throws {
        try await expectUnavailable(port: 1)
    }

    @Test func somebodyThereWhoSaysNothingIsUnavailableWithinTheLimit() async throws {
        let listener = try SilentListener()
        try await expectUnavailable(port: listener.port)
    }

    private func expectUnavailable(port: UInt16) async throws {
        let address = try #require(RedisConfiguration(url: "redis://127.0.0.1:\(port)"))
        let redis = RedisClient(address, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        defer { redis.close() }
        let store = RedisPresenceStore(
            redis: redis, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        await withTaskGroup(of: Void.self) { group in
            for delay in 0..<20 {
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(delay * 40))
                    let start = ContinuousClock.now
                    do {
                        _ = try await FindRoutes(store: store)([.make()], deadline: .after(.seconds(5)))
                        Issue.record("there is no Redis to answer that")
                    } catch {
                        #expect((error as? ParleyError)?.code == .unavailable)
                    }
                    #expect(start.duration(to: .now) < .milliseconds(750))
                }
            }
        }
    }
}

/// Takes connections (the kernel does) and never answers.
private final class SilentListener {
    private let descriptor: CInt
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) | listen(socket, 64) | getsockname(socket, generic, &length)
            }
        }
        try #require(status == 0)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
