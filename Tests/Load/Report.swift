import Foundation

/// The figures of a run, and whether they may be believed.
struct Report {
    private let title: String
    private var figures: [(name: String, value: Int)] = []
    private var checks: [(name: String, held: Bool)] = []

    init(title: String) { self.title = title }

    mutating func add(_ name: String, _ value: Int) { figures.append((name, value)) }

    mutating func check(_ name: String, _ held: Bool) { checks.append((name, held)) }

    var isSound: Bool { checks.allSatisfy(\.held) }

    var text: String {
        let width = figures.map(\.name.count).max() ?? 0
        let lines = figures.map {
            "  " + $0.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + "\($0.value)"
        }
        let verdicts = checks.map { "  \($0.held ? "✓" : "✗ FAILED:") \($0.name)" }
        return ([title] + lines + verdicts).joined(separator: "\n")
    }

    func write(to path: String) throws {
        let values = Dictionary(figures.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let object: [String: Any] = ["title": title, "figures": values, "sound": isSound]
        let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: path))
    }
}
