import ChatProtocol
import NIOCore
import ServiceKit
import ServiceLifecycle
import StrictJSON
import Synchronization

/// The state of the services behind, as the clients see it: read off the service clients' own probes, so that a ping
/// never waits for anything, and pushed to everybody when it changes.
final class HealthMonitor: Service {
    private static let interval: Duration = .milliseconds(250)

    private let auth: ServiceClient
    private let message: ServiceClient
    private let presence: ServiceClient
    private let registry: Registry
    private let last = Mutex<SystemHealth?>(nil)

    init(auth: ServiceClient, message: ServiceClient, presence: ServiceClient, registry: Registry) {
        self.auth = auth
        self.message = message
        self.presence = presence
        self.registry = registry
    }

    var current: SystemHealth { SystemHealth(auth: auth.isUp, message: message.isUp, presence: presence.isUp) }

    func run() async throws {
        try await Repeating(every: Self.interval) {
            let now = self.current
            let before = self.last.withLock { last in
                defer { last = now }
                return last
            }
            guard let before, before != now else { return }
            let frame = ServerFrame.status(serverTime: .now, health: now)
            self.registry.broadcast(ByteBuffer(bytes: JSONWriter.encode(frame)))
        }.run()
    }
}
