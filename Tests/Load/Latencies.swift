import Histogram
import Synchronization

/// Latencies in microseconds, as a histogram of three significant digits (HdrHistogram).
final class Latencies: Sendable {
    private let histogram = Mutex(Histogram<UInt64>(numberOfSignificantValueDigits: .three))

    func record(_ microseconds: UInt64) { histogram.withLock { _ = $0.record(microseconds) } }

    /// Runs the operation and records how long it took.
    func time<Value>(_ operation: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        let value = try await operation()
        record(UInt64(max(0, start.duration(to: .now).inSeconds * 1e6)))
        return value
    }

    var count: Int { histogram.withLock { Int($0.totalCount) } }

    func percentile(_ percentile: Double) -> Int { histogram.withLock { Int($0.valueAtPercentile(percentile)) } }

    /// The curve of the percentiles: each with its latency.
    var curve: [(percentile: Double, microseconds: Int)] {
        histogram.withLock { histogram in
            histogram.percentiles(ticksPerHalfDistance: 5).map { ($0.percentile, Int($0.value)) }
        }
    }
}
