import Foundation

/// The figures of a run, and whether they may be believed.
struct Report {
    let title: String
    private(set) var figures: [(name: String, value: Int)] = []
    private(set) var checks: [(name: String, held: Bool)] = []
    private(set) var notes: [String] = []
    private(set) var curves: [(name: String, latencies: Latencies)] = []
    /// Messages delivered in each second.
    private(set) var perSecond: [Int] = []

    init(title: String) { self.title = title }

    mutating func add(_ name: String, _ value: Int) { figures.append((name, value)) }

    mutating func check(_ name: String, _ held: Bool) { checks.append((name, held)) }

    mutating func note(_ text: String) { notes.append(text) }

    mutating func add(_ latencies: Latencies, _ name: String) {
        for percentile in [50.0, 90, 99, 99.9] {
            add("latency p\(percentile.formatted()), µs (\(name))", latencies.percentile(percentile))
        }
        curves.append((name, latencies))
    }

    mutating func add(_ measured: MessageLoad.Measured) {
        add("messages delivered", measured.count)
        add("messages per second", measured.rate)
        add(measured.latencies, "send to the other's screen")
        for name in measured.cpu.keys.sorted() {
            add("CPU µs per message, \(name)", measured.cpuPerMessage(name))
        }
        perSecond = measured.perSecond
    }

    var isSound: Bool { checks.allSatisfy(\.held) }

    var text: String {
        let width = figures.map(\.name.count).max() ?? 0
        let lines = figures.map {
            "  " + $0.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + "\($0.value)"
        }
        let verdicts = checks.map { "  \($0.held ? "✓" : "✗ FAILED:") \($0.name)" }
        return ([title] + lines + verdicts + notes.map { "  ! \($0)" }).joined(separator: "\n")
    }

    func writeJSON(to path: String) throws {
        let values = Dictionary(figures.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let object: [String: Any] = [
            "title": title, "figures": values, "messages_per_second": perSecond, "sound": isSound,
        ]
        let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: path))
    }
}
