package import NIOCore

/// How long one connection of HTTP/1.1 may take for what: a value that is told the time.
package struct RequestPace {
    package struct Limits: Sendable {
        /// From its beginning to the end of its first request's head.
        package var firstHead: TimeAmount = .seconds(10)
        /// From the end of an answer to the end of the next head: how long it may be idle.
        package var nextHead: TimeAmount = .seconds(75)
        /// From a head to the end of its body.
        package var body: TimeAmount = .seconds(30)
        /// For what the kernel holds of an answer to be read by half.
        package var reading: TimeAmount = .seconds(60)

        package init() {}
    }

    /// What a connection took too long for.
    package enum Lateness: Equatable {
        case head, body, reading
    }

    private let limits: Limits
    private var since: NIODeadline
    private var unwritableSince: NIODeadline?
    private var isReadingBody = false
    private var isFirst = true
    /// Requests begun whose answer has not ended.
    package private(set) var unanswered = 0

    package init(_ limits: Limits, now: NIODeadline) {
        self.limits = limits
        since = now
    }

    package mutating func headRead(now: NIODeadline) {
        isFirst = false
        isReadingBody = true
        unanswered += 1
        since = now
    }

    package mutating func endRead() { isReadingBody = false }

    package mutating func answered(now: NIODeadline) {
        unanswered = max(0, unanswered - 1)
        since = now
    }

    package mutating func becameWritable(_ isWritable: Bool, now: NIODeadline) {
        unwritableSince = isWritable ? nil : unwritableSince ?? now
    }

    /// Until when the client has to do what it is waited for; nil where it waits itself.
    package var deadline: (at: NIODeadline, lateness: Lateness)? {
        if let unwritableSince { return (unwritableSince + limits.reading, .reading) }
        // A body behind another request may wait for that one's answer, and so for this side.
        if isReadingBody, unanswered <= 1 { return (since + limits.body, .body) }
        guard unanswered == 0 else { return nil }
        return (since + (isFirst ? limits.firstHead : limits.nextHead), .head)
    }
}
