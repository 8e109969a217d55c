package import CoreMetrics
import Synchronization

/// A swift-metrics backend that keeps every series in memory and writes them in the Prometheus text format (version
/// 0.0.4). Timers and recorders become histograms: of seconds where the name ends so, else of sizes. The number of
/// series is bounded: past the limit new ones are counted and dropped.
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
        /// Asked for its value when somebody reads the metrics.
        case reading(Reading)
    }

    private struct Reading {
        let type: ReadingType
        let value: @Sendable () -> Double
    }

    package enum ReadingType: String, Sendable {
        case counter, gauge
    }

    private struct State {
        var series: [Key: Series] = [:]
        var help: [String: String] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Says what a metric means, on its HELP line.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[name] = help }
    }

    /// Adds a metric whose value is asked for when somebody reads the metrics, and costs nothing before.
    package func read(
        _ name: String, _ help: String, _ dimensions: [(String, String)] = [], as type: ReadingType = .gauge,
        _ value: @escaping @Sendable () -> Double
    ) {
        describe(name, help)
        _ = series(name, dimensions, or: .reading(Reading(type: type, value: value)))
    }

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
        let fresh: Series = aggregate ? .histogram(HistogramSeries(of: label)) : .gauge(GaugeSeries())
        switch series(label, dimensions, or: fresh) {
        case .histogram(let series): return series
        case .gauge(let series): return series
        case .counter, .reading: return GaugeSeries()
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let fresh = HistogramSeries(of: label)
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
        let (all, help, dropped) = state.withLock { ($0.series, $0.help, $0.dropped) }
        let sorted = all.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        var text = ""
        var lastName = ""
        for (key, series) in sorted {
            if key.name != lastName {
                if let help = help[key.name] { text += "# HELP \(key.name) \(help)\n" }
                text += "# TYPE \(key.name) \(Self.typeName(series))\n"
                lastName = key.name
            }
            switch series {
            case .counter(let counter): text += Self.line(key.name, key.labels, Double(counter.value))
            case .gauge(let gauge): text += Self.line(key.name, key.labels, gauge.value)
            case .histogram(let histogram): text += Self.lines(key.name, key.labels, histogram)
            case .reading(let reading): text += Self.line(key.name, key.labels, reading.value())
            }
        }
        return text + """
            # HELP parley_metrics_dropped_series_total Series that found no room, so that nothing of them is seen here.
            # TYPE parley_metrics_dropped_series_total counter
            parley_metrics_dropped_series_total \(dropped)

            """
    }

    private static func typeName(_ series: Series) -> String {
        switch series {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .reading(let reading): reading.type.rawValue
        }
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        return labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(labels)} \(number)\n"
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: HistogramSeries) -> String {
        let values = histogram.snapshot
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var total = 0
        for (bound, count) in zip(histogram.bounds.map { "\($0)" } + ["+Inf"], values.counts) {
            total += count
            text += line("\(name)_bucket", "\(prefix)le=\"\(bound)\"", Double(total))
        }
        return text + line("\(name)_sum", labels, values.sum) + line("\(name)_count", labels, Double(total))
    }
}
