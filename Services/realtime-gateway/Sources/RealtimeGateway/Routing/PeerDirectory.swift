import ChatProtocol
import ClientThread
import HTTPClient
import Logging
import ServiceKit
import Synchronization
import Tokens

/// The other gateways that live, and an outbox for each. A peer is kept for a while after it was last listed, so that
/// a Redis that lost its memory does not cut the fast path; with presence-service away the last list stands.
final class PeerDirectory: Sendable {
    private static let keptFor: Duration = .seconds(10)

    private struct Peer {
        let outbox: PeerOutbox
        var listedAt: ContinuousClock.Instant
    }

    private let own: InstanceID
    private let makeOutbox: @Sendable (HeartbeatAnswer.Instance) -> PeerOutbox
    private let peers = Mutex<[InstanceID: Peer]>([:])

    init(own: InstanceID, makeOutbox: @escaping @Sendable (HeartbeatAnswer.Instance) -> PeerOutbox) {
        self.own = own
        self.makeOutbox = makeOutbox
    }

    /// Takes presence-service's list of live gateways in.
    /// - Returns: the outboxes of those that were not known before.
    func update(_ instances: [HeartbeatAnswer.Instance], now: ContinuousClock.Instant = .now) -> [PeerOutbox] {
        let fresh = instances.compactMap { heard(of: $0, now: now) }
        let gone = peers.withLock { peers -> [PeerOutbox] in
            let late = peers.filter { $0.value.listedAt.duration(to: now) > Self.keptFor }
            for id in late.keys { peers[id] = nil }
            return late.values.map(\.outbox)
        }
        for outbox in gone { outbox.close() }
        return fresh
    }

    /// A gateway lives: it is listed, or it has just called.
    /// - Returns: its outbox, if it was not known before.
    @discardableResult
    func heard(of instance: HeartbeatAnswer.Instance, now: ContinuousClock.Instant = .now) -> PeerOutbox? {
        guard instance.id != own else { return nil }
        return peers.withLock { peers in
            if peers[instance.id]?.outbox.address == instance.address {
                peers[instance.id]?.listedAt = now
                return nil
            }
            let outbox = makeOutbox(instance)
            peers[instance.id] = Peer(outbox: outbox, listedAt: now)
            return outbox
        }
    }

    var count: Int { peers.withLock { $0.count } }

    var all: [PeerOutbox] { peers.withLock { $0.values.map(\.outbox) } }

    func outbox(of instance: InstanceID) -> PeerOutbox? { peers.withLock { $0[instance]?.outbox } }
}
