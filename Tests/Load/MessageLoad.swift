import ChatProtocol
import NIOCore

/// Pairs that write to each other, and what is measured of them.
struct MessageLoad {
    /// What one stretch of time has shown.
    struct Measured {
        var count = 0
        var seconds = 0.0
        /// Deliveries in each second.
        var perSecond: [Int] = []
        var latencies = Latencies()
        /// CPU seconds by process group.
        var cpu: [String: Double] = [:]

        var rate: Int { Int(Double(count) / max(seconds, 0.001)) }

        /// Microseconds of CPU per message.
        func cpuPerMessage(_ group: String) -> Int { Int((cpu[group] ?? 0) * 1e6 / Double(max(1, count))) }

        /// Counts deliveries and CPU for so many seconds.
        /// - Parameter delivered: deliveries so far.
        static func over(
            _ seconds: Int, _ system: RunningSystem, delivered: () async -> Int
        ) async throws -> Measured {
            var measured = Measured()
            let costBefore = ProcessCost.measure(system.processes)
            let start = ContinuousClock.now
            var before = await delivered()
            for second in 1...seconds {
                try await Task.sleep(until: start + .seconds(second))
                let now = await delivered()
                measured.perSecond.append(now - before)
                measured.count += now - before
                before = now
            }
            measured.seconds = start.duration(to: .now).inSeconds
            measured.cpu = ProcessCost.measure(system.processes).cpu(since: costBefore)
            return measured
        }
    }

    let pairs: [Pair]

    /// Registers the people, opens their chats and connects them. Sender and receiver of a pair are on different
    /// gateways where there are several.
    /// - Parameter habits: what they do besides writing.
    static func connect(_ count: Int, _ system: RunningSystem, habits: Pair.Habits = .plain) async throws -> Self {
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(count * 2)
        let couples = (0..<count).map { (users[2 * $0], users[2 * $0 + 1]) }
        let chats = try await accounts.openChats(couples)
        var pairs: [Pair] = []
        for (index, couple) in couples.enumerated() {
            pairs.append(
                try await Pair.connect(
                    couple, chat: chats[index], index: index, gateways: system.gateways,
                    loop: Scenario.loops[index % Scenario.loops.count], habits: habits))
        }
        return MessageLoad(pairs: pairs)
    }

    /// Lets them write. The pace is that of all pairs together where it is a rate.
    func start(_ pace: Pace) {
        for pair in pairs { pair.start(pace.share(of: pairs.count)) }
    }

    func stop() { for pair in pairs { pair.stop() } }

    /// Measures for so many seconds; what was before does not count.
    func measure(_ seconds: Int, _ system: RunningSystem) async throws -> Measured {
        for pair in pairs { await pair.resetLatencies() }
        let measured = try await Measured.over(seconds, system) { await sum { await $0.delivered } }
        for pair in pairs { for value in await pair.latencies { measured.latencies.record(value) } }
        return measured
    }

    /// Checks that nothing was lost or doubled, live and in PostgreSQL. Called a moment after ``stop()``.
    /// - Parameter run: what to call this load where a report has several.
    func check(_ report: inout Report, _ system: RunningSystem, run: String = "") async throws {
        let failures = await sum { await $0.failures }
        report.add("failures\(run)", failures)
        report.check("no failure\(run)", failures == 0)
        let undelivered = await sum { await $0.undelivered }
        let delivered = await sum { await $0.delivered }
        report.check("every acknowledged message was delivered live\(run)", undelivered == 0 && delivered > 0)
        var stored = true
        for pair in pairs { stored = try await pair.isStoredOnce(system.databaseURL) && stored }
        report.check("every acknowledged message is in PostgreSQL once, dense and in order\(run)", stored)
    }

    private func sum(_ value: (Pair) async -> Int) async -> Int {
        var sum = 0
        for pair in pairs { sum += await value(pair) }
        return sum
    }
}

extension Scenario {
    static func messages(_ pace: Pace, _ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let load = try await MessageLoad.connect(options.pairs, system)
        load.start(pace)
        let sweeps = options.sweeps > 0 ? try SimulatedSweeps(system) : nil
        let sweeping = Task { await sweeps?.run(options.sweeps) }
        // A little of it before the clock starts, so that plans and connections are warm.
        try await Task.sleep(for: .seconds(2))
        let measured = try await load.measure(options.seconds, system)
        load.stop()
        sweeping.cancel()
        let swept = await sweeping.value
        try await Task.sleep(for: .seconds(2))

        var report = Report(
            title: "\(options.kind) loop: \(options.pairs) pairs, \(pace), \(options.seconds) s, "
                + "\(system.gateways.count) gateway(s)")
        report.add(measured)
        if let swept {
            report.add("sweeps of other gateways", swept.requests)
            report.add("chats in their answers", swept.chats)
            report.add("failed sweeps", swept.failures)
        }
        try await load.check(&report, system)
        return report
    }
}
