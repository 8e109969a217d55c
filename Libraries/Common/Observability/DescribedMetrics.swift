package import CoreMetrics

// Metrics made with the sentence that says what they mean. Made once and kept: making one costs more than counting.

extension Counter {
    package convenience init(_ name: String, _ help: String, _ dimensions: [(String, String)] = []) {
        describe(name, help)
        self.init(label: name, dimensions: dimensions)
    }
}

extension Meter {
    package convenience init(_ name: String, _ help: String, _ dimensions: [(String, String)] = []) {
        describe(name, help)
        self.init(label: name, dimensions: dimensions)
    }
}

extension CoreMetrics.Timer {
    package convenience init(_ name: String, _ help: String, _ dimensions: [(String, String)] = []) {
        describe(name, help)
        self.init(label: name, dimensions: dimensions)
    }

    /// Notes the time since `start`.
    package func record(since start: ContinuousClock.Instant, until end: ContinuousClock.Instant = .now) {
        let (seconds, attoseconds) = start.duration(to: end).components
        recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

extension Recorder {
    /// A distribution of sizes.
    package convenience init(_ name: String, _ help: String, _ dimensions: [(String, String)] = []) {
        describe(name, help)
        self.init(label: name, dimensions: dimensions, aggregate: true)
    }
}

/// One counter for each value of a label, all of them there from the start, so that the first event of a kind is an
/// increase and not a new series.
package struct CounterFamily<Value: Hashable & Sendable>: Sendable {
    private let counters: [Value: Counter]

    package init(
        _ name: String, _ help: String, label: String, values: [Value], _ dimensions: [(String, String)] = [],
        text: (Value) -> String = { "\($0)" }
    ) {
        counters = Dictionary(
            values.map { ($0, Counter(name, help, dimensions + [(label, text($0))])) },
            uniquingKeysWith: { first, _ in first })
    }

    package func increment(_ value: Value, by amount: Int = 1) { counters[value]?.increment(by: amount) }
}

private func describe(_ name: String, _ help: String) {
    (MetricsSystem.factory as? PrometheusMetrics)?.describe(name, help)
}
