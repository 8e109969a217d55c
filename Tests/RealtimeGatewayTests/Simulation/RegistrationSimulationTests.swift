import ChatProtocol
import Support
import Testing

@testable import RealtimeGateway

/// What presence-service keeps of one gateway: batch n is applied only after batch n − 1, a reset always; and it can
/// forget everything.
private struct ModelPresence {
    private(set) var applied: Int64 = 0
    private(set) var connections: Set<ConnectionID> = []

    mutating func apply(_ batch: ConnectionsRequest) -> Int64 {
        guard batch.reset || batch.number == applied + 1 else { return applied }
        if batch.reset { connections = [] }
        connections.formUnion(batch.opened.map(\.connection))
        connections.subtract(batch.closed)
        applied = batch.number
        return applied
    }
}

@Suite("Registrations under random faults")
struct RegistrationSimulationTests {
    @Test("presence-service knows exactly the open connections once it is well again", arguments: 1...200)
    func converges(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var stream = RegistrationStream(instance: .make())
        var presence = ModelPresence()
        var open: [ConnectionsRequest.Opened] = []
        var strays: [ConnectionsRequest] = []

        func exchange(isWell: Bool) {
            guard let batch = stream.nextBatch() else { return }
            if !isWell && random.happens(20) { return stream.failed() }
            let applied = presence.apply(batch)
            // An answer that was lost, after which the same batch may also arrive a second time.
            if !isWell && random.happens(20) {
                strays.append(batch)
                return stream.failed()
            }
            _ = stream.answered(applied: applied)
        }

        for _ in 0..<400 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<6:
                let one = ConnectionsRequest.Opened(
                    connection: .make(), user: .make(), session: .make(), device: "web")
                open.append(one)
                stream.open(one)
            case 6..<10 where !open.isEmpty:
                stream.close(open.remove(at: Int.random(in: 0..<open.count, using: &random)).connection)
            case 10: presence = ModelPresence()
            case 11 where !strays.isEmpty: _ = presence.apply(strays.removeFirst())
            case 12: _ = stream.heard(applied: presence.applied)
            default: exchange(isWell: false)
            }
        }
        // A batch, a heartbeat, a reset and the batches after it.
        for _ in 0..<4 {
            exchange(isWell: true)
            _ = stream.heard(applied: presence.applied)
        }
        #expect(presence.connections == Set(open.map(\.connection)), "seed \(seed)")
    }
}
