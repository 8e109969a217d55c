/// A moment by which something must be over. Made once at the door and handed down, so that a retry never gets more
/// time than the whole was given.
package struct Deadline: Sendable, Comparable {
    package let instant: ContinuousClock.Instant

    package init(_ instant: ContinuousClock.Instant) { self.instant = instant }

    /// `duration` from now.
    package static func after(_ duration: Duration) -> Deadline { Deadline(.now.advanced(by: duration)) }

    /// The time left; negative when it has passed.
    package var remaining: Duration { ContinuousClock.now.duration(to: instant) }

    package var hasPassed: Bool { remaining <= .zero }

    /// The earlier of this deadline and `duration` from now.
    package func atMost(_ duration: Duration) -> Deadline { min(self, .after(duration)) }

    package static func < (a: Self, b: Self) -> Bool { a.instant < b.instant }
}
