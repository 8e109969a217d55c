import ChatProtocol
import ClientThread

/// A heartbeat: the instance lives for another while, and learns who else of its service does, and what Redis knows of
/// its connections.
struct RenewLease {
    private static let addressBytesMax = 256

    let store: RedisPresenceStore

    /// - Parameter caller: the service that asks, by its token; it can only speak of itself.
    func callAsFunction(
        _ heartbeat: HeartbeatRequest, of caller: String?, deadline: Deadline
    ) async throws(ParleyError) -> HeartbeatAnswer {
        guard heartbeat.service == caller else {
            throw ParleyError(.forbidden, "a service sends its own heartbeats only")
        }
        guard Self.isAddress(heartbeat.address) else {
            throw ParleyError(.badRequest, "address must be http://host:port or https://host:port")
        }
        return try await store.renewLease(
            of: heartbeat.instance, service: heartbeat.service, address: heartbeat.address, deadline: deadline)
    }

    /// Whether pushes can be sent there: an origin without path, of printable ASCII.
    static func isAddress(_ text: String) -> Bool {
        let schemes = ["http://", "https://"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }), text.utf8.count <= addressBytesMax else {
            return false
        }
        let host = text.utf8.dropFirst(scheme.utf8.count)
        let barred = Array("/?#@\\\"<>".utf8)
        return !host.isEmpty && host.allSatisfy { (0x21...0x7E).contains($0) && !barred.contains($0) }
    }
}
