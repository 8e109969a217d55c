import CoreMetrics
import Synchronization

// What a metric of PrometheusMetrics keeps in memory, by type.

final class CounterSeries: CounterHandler {
    private let total = Atomic<Int64>(0)
    var value: Int64 { total.load(ordering: .relaxed) }
    func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { total.store(0, ordering: .relaxed) }
}

final class GaugeSeries: MeterHandler, RecorderHandler {
    private let current = Mutex(0.0)
    var value: Double { current.withLock { $0 } }
    func set(_ value: Int64) { current.withLock { $0 = Double(value) } }
    func set(_ value: Double) { current.withLock { $0 = value } }
    func increment(by amount: Double) { current.withLock { $0 += amount } }
    func decrement(by amount: Double) { current.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

final class HistogramSeries: TimerHandler, RecorderHandler {
    private static let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let sizes = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]

    struct Values {
        var counts: [Int]
        var sum = 0.0
    }

    let bounds: [Double]
    private let values: Mutex<Values>

    init(of name: String) {
        bounds = name.hasSuffix("_seconds") ? Self.seconds : Self.sizes
        values = Mutex(Values(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    var snapshot: Values { values.withLock { $0 } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        values.withLock { values in
            values.counts[bucket] += 1
            values.sum += value
        }
    }
}
