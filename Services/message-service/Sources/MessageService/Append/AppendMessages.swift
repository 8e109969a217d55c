import ChatProtocol
import ClientThread

/// Stores messages, each once, and answers when all are committed.
struct AppendMessages: Sendable {
    /// Within which an append must be over, whatever the caller says.
    static let deadlineMax: Duration = .seconds(5)
    /// Bytes of one request.
    static let requestBytesMax = 8 << 20

    let lanes: [AppendLane]

    /// - Parameter whenDone: is called once with an outcome for each entry.
    func callAsFunction(
        _ entries: [AppendRequest.Entry], deadline: Deadline,
        whenDone: @escaping @Sendable ([AppendOutcome]) -> Void
    ) {
        guard !entries.isEmpty else { return whenDone([]) }
        let call = AppendCall(count: entries.count, deadline: deadline, whenDone: whenDone)
        var byLane = [[(position: Int, entry: AppendRequest.Entry)]](repeating: [], count: lanes.count)
        for (position, entry) in entries.enumerated() {
            byLane[Int(entry.chat.low % UInt64(lanes.count))].append((position, entry))
        }
        for (lane, entries) in zip(lanes, byLane) where !entries.isEmpty { lane.add(entries, of: call) }
    }
}
