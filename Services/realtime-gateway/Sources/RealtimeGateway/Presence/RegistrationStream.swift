import ChatProtocol

/// The numbered stream by which a gateway tells presence-service of its connections: a value without I/O. One batch is
/// in flight at a time; without an answer the same one is sent again, which is harmless; and whenever the two sides
/// disagree about the number, everything is.
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
    /// The batch that was sent and not answered yet.
    private var unanswered: ConnectionsRequest?
    private var isInFlight = false
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
        guard !isInFlight else { return nil }
        let batch = unanswered ?? makeBatch()
        unanswered = batch
        isInFlight = batch != nil
        return batch
    }

    private mutating func makeBatch() -> ConnectionsRequest? {
        guard needsReset || !opened.isEmpty || !closed.isEmpty else { return nil }
        let reset = needsReset
        if reset {
            needsReset = false
            opened = Array(current.keys)
            closed = []
        }
        let starting = Array(opened.prefix(Self.batchMax))
        opened.removeFirst(starting.count)
        // A connection can only be closed in a batch after the one that opened it.
        let ending = opened.isEmpty ? closed : []
        if opened.isEmpty { closed = [] }
        number += 1
        return ConnectionsRequest(
            instance: instance, number: number, reset: reset, opened: starting.compactMap { current[$0] },
            closed: ending)
    }

    /// presence-service answered the batch in flight.
    /// - Returns: the connections it now knows; nil where it has forgotten this gateway and must be told everything.
    mutating func answered(applied: Int64) -> [ConnectionID]? {
        let known = unanswered?.opened.map(\.connection) ?? []
        isInFlight = false
        unanswered = nil
        guard applied == number else {
            needsReset = true
            return nil
        }
        return known
    }

    /// No answer came, so whether the batch was applied is unknown.
    mutating func failed() { isInFlight = false }

    /// A heartbeat's answer.
    /// - Returns: whether presence-service has forgotten this gateway.
    mutating func heard(applied: Int64) -> Bool {
        guard !isInFlight, unanswered == nil, applied != number else { return false }
        needsReset = true
        return true
    }
}
