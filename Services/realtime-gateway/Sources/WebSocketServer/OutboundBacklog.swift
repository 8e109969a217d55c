package import NIOCore

/// What waits for a peer that does not read as fast as it is written to, and when that is too much: a value without
/// I/O.
///
/// A burst must not end the connection of a peer that reads: what one turn of the event loop writes has had no chance
/// to leave. So for a moment much may wait, and after it little.
package struct OutboundBacklog {
    package struct Limits: Sendable {
        /// Bytes of memory that may wait once ``patience`` is over.
        package var lasting = 160 << 10
        /// Bytes of memory that may wait at any time; two batches of messages, which are bounded, fit into it.
        package var burst = 288 << 10
        package var patience: TimeAmount = .seconds(1)

        package init() {}
    }

    /// What a queued frame costs besides its bytes: its buffers and two entries of the channel's queue.
    private static let frameOverhead = 256

    private let limits: Limits
    /// Since when there is more than the channel's high-water mark; nil while there is not.
    private var since: NIODeadline?
    /// Of the frames since then: their bytes, and the memory that they take.
    private var bytes = 0
    private var memory = 0

    package init(_ limits: Limits) { self.limits = limits }

    /// The peer has caught up.
    package mutating func cleared() {
        guard since != nil else { return }
        (since, bytes, memory) = (nil, 0, 0)
    }

    /// Takes one more frame of `count` bytes in.
    /// - Parameters:
    ///   - capacity: of its buffer, which is a power of two: nearly twice the bytes of some frames.
    ///   - buffered: bytes that wait already.
    /// - Returns: false where the peer reads too slowly.
    package mutating func take(_ count: Int, capacity: Int, buffered: Int, now: NIODeadline) -> Bool {
        since = since ?? now
        bytes += count
        memory += capacity + Self.frameOverhead
        return !isTooMuch(buffered: buffered + count, now: now)
    }

    /// Whether so many waiting bytes take too much memory by now, if they are of frames like those that were taken.
    package func isTooMuch(buffered: Int, now: NIODeadline) -> Bool {
        guard let since else { return false }
        let waiting = Double(buffered) * Double(memory) / Double(max(1, bytes))
        return waiting > Double(now - since < limits.patience ? limits.burst : limits.lasting)
    }
}
