import Foundation
import Histogram

/// A short look at what a message costs, beside what it cost when the baseline was written. Wall-clock figures of a
/// shared machine mean little, so CPU time is compared, and that in units of a fixed piece of work on the same machine.
struct QuickGuard {
    /// Above this ratio something has become dearer and not only noisier.
    private static let noise = 1.3
    /// Above this one the run fails.
    private static let ratioMax = 2.0
    private static let seconds = 5
    private static let services = ["realtime-gateway", "message-service", "presence-service", "auth-service"]

    /// CPU µs per message of the services together, and the time of the fixed work.
    private struct Baseline: Codable {
        var work: Double
        var busy: Double
        var calm: Double
    }

    let options: LoadOptions
    let system: RunningSystem

    func run() async throws -> Report {
        let work = (0..<5).map { _ in Self.fixedWork() }.min() ?? 1
        let busy = try await measure(.closed(inFlight: 10))
        let calm = try await measure(.open(perSecond: 200))
        var report = Report(title: "quick look: 30 pairs, \(Self.seconds) s each of 10 in flight and of 200 messages/s")
        report.add("µs of the fixed work", Int(work))
        report.add("messages per second, 10 in flight each", busy.measured.rate)
        report.add("latency p50, µs, at 200 messages/s", calm.measured.latencies.percentile(50))
        report.add("latency p99, µs, at 200 messages/s", calm.measured.latencies.percentile(99))
        let now = Baseline(work: work, busy: Self.cost(busy.measured), calm: Self.cost(calm.measured))
        report.add("CPU µs per message of the services, 10 in flight each", Int(now.busy))
        report.add("CPU µs per message of the services, at 200 messages/s", Int(now.calm))
        try await busy.load.check(&report, system, run: ", 10 in flight each")
        try await calm.load.check(&report, system, run: ", at 200 messages/s")
        if let path = options.baselinePath { try compare(now, path, &report) }
        return report
    }

    private func compare(_ now: Baseline, _ path: String, _ report: inout Report) throws {
        let file = URL(fileURLWithPath: path)
        guard FileManager.default.fileExists(atPath: path) else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(now).write(to: file)
            return report.note("\(path) was written: the baseline from now on")
        }
        let then = try JSONDecoder().decode(Baseline.self, from: Data(contentsOf: file))
        for (name, now, then) in [
            ("10 in flight each", now.busy / now.work, then.busy / then.work),
            ("200 messages/s", now.calm / now.work, then.calm / then.work),
        ] {
            let ratio = now / then
            report.add("% of the baseline's CPU per message, \(name)", Int(ratio * 100))
            if ratio > Self.noise { report.note("dearer than the baseline: \(name)") }
            report.check("CPU per message is not twice the baseline's, \(name)", ratio <= Self.ratioMax)
        }
    }

    private func measure(_ pace: Pace) async throws -> (load: MessageLoad, measured: MessageLoad.Measured) {
        let load = try await MessageLoad.connect(30, system)
        load.start(pace)
        try await Task.sleep(for: .seconds(2))
        let measured = try await load.measure(Self.seconds, system)
        load.stop()
        try await Task.sleep(for: .seconds(1))
        return (load, measured)
    }

    private static func cost(_ measured: MessageLoad.Measured) -> Double {
        Double(services.map { measured.cpuPerMessage($0) }.reduce(0, +))
    }

    /// Microseconds of CPU for sorting the same 300,000 numbers.
    private static func fixedWork() -> Double {
        var state: UInt64 = 42
        var numbers = (0..<300_000).map { _ -> UInt64 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        let start = clock()
        numbers.sort()
        let spent = Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1e6
        return numbers.isEmpty ? 1 : spent
    }
}

extension Scenario {
    static func quick(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        try await QuickGuard(options: options, system: system).run()
    }
}
