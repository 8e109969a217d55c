package import CoreMetrics
import Synchronization

/// A swift-metrics backend that keeps every series in memory and writes them in the Prometheus text format (version
/// 0.0.4). Timers and recorders become histograms in seconds. The number of series is bounded: past the limit new
/// ones are counted and dropped.
package final class PrometheusMetrics: MetricsFactory {
    private static let seriesMax = 2000

    private struct Key: Hashable {
        let name: String
        let labels: String
    }

    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private struct State {
        var series: [Key: Series] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    package init() {}

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let fresh = CounterSeries()
        guard case .counter(let series) = series(label, dimensions, or: .counter(fresh)) else { return fresh }
        return series
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        let fresh = GaugeSeries()
        guard case .gauge(let series) = series(label, dimensions, or: .gauge(fresh)) else { return fresh }
        return series
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let fresh: Series = aggregate ? .histogram(HistogramSeries()) : .gauge(GaugeSeries())
        switch series(label, dimensions, or: fresh) {
        case .histogram(let series): return series
        case .gauge(let series): return series
        case .counter: return GaugeSeries()
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let fresh = HistogramSeries()
        guard case .histogram(let series) = series(label, dimensions, or: .histogram(fresh)) else { return fresh }
        return series
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func series(_ name: String, _ dimensions: [(String, String)], or fresh: Series) -> Series {
        let labels = dimensions.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
        let key = Key(name: name, labels: labels)
        return state.withLock { state in
            if let known = state.series[key] { return known }
            guard state.series.count < Self.seriesMax else {
                state.dropped += 1
                return fresh
            }
            state.series[key] = fresh
            return fresh
        }
    }

    private static func escape(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    // MARK: Text

    /// All series in the Prometheus text format, sorted by name.
    package func text() -> String {
        let (all, dropped) = state.withLock { ($0.series, $0.dropped) }
        let sorted = all.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        var text = ""
        var lastName = ""
        for (key, series) in sorted {
            if key.name != lastName {
                text += "# TYPE \(key.name) \(Self.typeName(series))\n"
                lastName = key.name
            }
            switch series {
            case .counter(let counter): text += Self.line(key.name, key.labels, Double(counter.value))
            case .gauge(let gauge): text += Self.line(key.name, key.labels, gauge.value)
            case .histogram(let histogram): text += Self.lines(key.name, key.labels, histogram.snapshot)
            }
        }
        text += "# TYPE parley_metrics_dropped_series_total counter\nparley_metrics_dropped_series_total \(dropped)\n"
        return text
    }

    private static func typeName(_ series: Series) -> String {
        switch series {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        return labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(labels)} \(number)\n"
    }

    private static func lines(_ name: String, _ labels: String, _ values: HistogramSeries.Values) -> String {
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var total = 0
        for (bound, count) in zip(HistogramSeries.bounds.map { "\($0)" } + ["+Inf"], values.counts) {
            total += count
            text += line("\(name)_bucket", "\(prefix)le=\"\(bound)\"", Double(total))
        }
        return text + line("\(name)_sum", labels, values.sum) + line("\(name)_count", labels, Double(total))
    }
}

private final class CounterSeries: CounterHandler {
    private let total = Atomic<Int64>(0)
    var value: Int64 { total.load(ordering: .relaxed) }
    func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { total.store(0, ordering: .relaxed) }
}

private final class GaugeSeries: MeterHandler, RecorderHandler {
    private let current = Mutex(0.0)
    var value: Double { current.withLock { $0 } }
    func set(_ value: Int64) { current.withLock { $0 = Double(value) } }
    func set(_ value: Double) { current.withLock { $0 = value } }
    func increment(by amount: Double) { current.withLock { $0 += amount } }
    func decrement(by amount: Double) { current.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

private final class HistogramSeries: TimerHandler, RecorderHandler {
    static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    struct Values {
        var counts = [Int](repeating: 0, count: HistogramSeries.bounds.count + 1)
        var sum = 0.0
    }

    private let values = Mutex(Values())
    var snapshot: Values { values.withLock { $0 } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        values.withLock { values in
            values.counts[bucket] += 1
            values.sum += value
        }
    }
}
