import ChatProtocol

/// A part of a batch of connections that one script call applies.
struct ConnectionStep {
    var opened: ArraySlice<ConnectionsRequest.Opened> = []
    var closed: ArraySlice<ConnectionID> = []
    var isLast = false
}

/// Cuts batches into steps: a value without I/O.
enum ConnectionSteps {
    /// Changes of one step. Measured on a busy machine: a thousand hold Redis up for 13–26 ms.
    static let changesMax = 250

    /// Everything opened before everything closed, so that what was opened and closed in one batch is closed in the
    /// end. At least one step, for an empty batch has a number, too.
    static func steps(of batch: ConnectionsRequest) -> [ConnectionStep] {
        var steps: [ConnectionStep] = []
        var opened = batch.opened[...]
        var closed = batch.closed[...]
        repeat {
            var step = ConnectionStep()
            step.opened = opened.prefix(changesMax)
            opened = opened.dropFirst(step.opened.count)
            step.closed = closed.prefix(changesMax - step.opened.count)
            closed = closed.dropFirst(step.closed.count)
            step.isLast = opened.isEmpty && closed.isEmpty
            steps.append(step)
        } while !opened.isEmpty || !closed.isEmpty
        return steps
    }
}
