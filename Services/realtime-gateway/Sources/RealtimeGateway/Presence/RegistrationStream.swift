import ChatProtocol

/// The numbered stream by which a gateway tells presence-service of its connections: a value without I/O. One batch is
/// in flight at a time; whenever the two sides disagree about the number, everything is sent again.
struct RegistrationStream {
    /// Connections of one batch.
    static let batchMax = 2000

    private let instance: InstanceID
    /// All connections that are open, by which a reset begins.
    private var current: [ConnectionID: ConnectionsRequest.Opened] = [:]
    private var opened: [ConnectionID] = []
    private var closed: [ConnectionID] = []
    /// The number of the last batch sent.
    private var number: Int64 = 0
    private var inFlight: [ConnectionID]?
    private var needsReset = false

    init(instance: InstanceID) { self.instance = instance }

    mutating func open(_ connection: ConnectionsRequest.Opened) {
        current[connection.connection] = connection
        opened.append(connection.connection)
    }

    mutating func close(_ connection: ConnectionID) {
        if current.removeValue(forKey: connection) != nil { closed.append(connection) }
    }

    /// The next batch to send; nil while one is in flight or when there is nothing to say.
    mutating func nextBatch() -> ConnectionsRequest? {
        guard inFlight == nil, needsReset || !opened.isEmpty || !closed.isEmpty else { return nil }
        let reset = needsReset
        if reset {
            needsReset = false
            opened = Array(current.keys)
            closed = []
        }
        let batch = Array(opened.prefix(Self.batchMax))
        opened.removeFirst(batch.count)
        // A connection can only be closed in a batch after the one that opened it.
        let ending = opened.isEmpty ? closed : []
        closed = opened.isEmpty ? [] : closed
        number += 1
        inFlight = batch
        return ConnectionsRequest(
            instance: instance, number: number, reset: reset, opened: batch.compactMap { current[$0] }, closed: ending)
    }

    /// presence-service answered the batch in flight.
    /// - Returns: the connections it now knows.
    mutating func answered(applied: Int64) -> [ConnectionID] {
        defer { inFlight = nil }
        guard applied == number else {
            needsReset = true
            return []
        }
        return inFlight ?? []
    }

    /// No answer came, so what was applied is unknown.
    mutating func failed() {
        inFlight = nil
        needsReset = true
    }

    /// A heartbeat's answer.
    mutating func heard(applied: Int64) {
        if inFlight == nil && applied != number { needsReset = true }
    }
}
