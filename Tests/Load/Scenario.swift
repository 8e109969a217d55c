import ChatProtocol
import Foundation
import Histogram
import NIOCore
import NIOPosix

/// The runs.
enum Scenario {
    static func run(_ options: LoadOptions) async throws -> Report {
        let system = try RunningSystem(home: options.home)
        switch options.kind {
        case .closed, .open: return try await messages(options, system)
        case .idle, .connect: return try await connections(options, system)
        case .churn: return try await churn(options, system)
        case .storm: return try await Storm(options: options, system: system).run()
        }
    }

    // MARK: Messages

    private static func messages(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(options.pairs * 2)
        let couples = (0..<options.pairs).map { (users[2 * $0], users[2 * $0 + 1]) }
        let chats = try await accounts.openChats(couples)
        let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        var pairs: [Pair] = []
        for (index, couple) in couples.enumerated() {
            pairs.append(
                try await Pair.connect(
                    couple, chat: chats[index], index: index, gateways: system.gateways,
                    loop: loops[index % loops.count]))
        }
        // A little of it before the clock starts, so that plans and connections are warm.
        let pace =
            options.kind == .open
            ? Pace.open(perSecond: Double(options.rate) / Double(options.pairs))
            : Pace.closed(inFlight: options.inFlight)
        for pair in pairs { pair.start(pace) }
        let sweeps = try SimulatedSweeps(system)
        let sweeping = Task { try await sweeps.run(options.sweeps) }
        try await Task.sleep(for: .seconds(2))
        for pair in pairs { await pair.resetLatencies() }
        let costBefore = ProcessCost.measure(system.processes)
        let countBefore = await pairs.asyncSum { await $0.delivered }
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(options.seconds))
        let elapsed = start.duration(to: .now).inSeconds
        let countAfter = await pairs.asyncSum { await $0.delivered }
        let cost = ProcessCost.measure(system.processes)
        var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        for pair in pairs {
            for value in await pair.latencies { latencies.record(value) }
            pair.stop()
        }
        sweeping.cancel()
        let swept = try await sweeping.value
        try await Task.sleep(for: .seconds(2))

        var report = Report(title: title(options, system))
        let count = countAfter - countBefore
        report.add("messages delivered", count)
        report.add("messages per second", Int(Double(count) / elapsed))
        for (name, percentile) in [("p50", 50.0), ("p90", 90), ("p99", 99), ("p99.9", 99.9)] {
            report.add("latency \(name), µs (send to the other's screen)", Int(latencies.valueAtPercentile(percentile)))
        }
        for (name, seconds) in cost.cpu(since: costBefore).sorted(by: { $0.key < $1.key }) {
            report.add("CPU µs per message, \(name)", Int(seconds * 1e6 / Double(max(1, count))))
        }
        if options.sweeps > 0 {
            report.add("sweeps of other gateways", swept.requests)
            report.add("chats in their answers", swept.chats)
        }
        let failures = await pairs.asyncSum { await $0.failures }
        report.add("failures", failures)
        report.check("no failure", failures == 0)
        let undelivered = await pairs.asyncSum { await $0.undelivered }
        report.check("every acknowledged message was delivered live", undelivered == 0 && count > 0)
        var stored = true
        for pair in pairs { stored = try await pair.isStoredOnce(system.databaseURL) && stored }
        report.check("every acknowledged message is in PostgreSQL once, dense and in order", stored)
        return report
    }

    private static func title(_ options: LoadOptions, _ system: RunningSystem) -> String {
        let load = options.kind == .open ? "\(options.rate) messages/s" : "\(options.inFlight) in flight each"
        return "\(options.kind.rawValue) loop: \(options.pairs) pairs, \(load), \(options.seconds) s, "
            + "\(system.gateways.count) gateway(s)"
    }

    // MARK: Connections

    private static func connections(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let users = try await Accounts(url: system.url).register(min(options.connections, 1000))
        let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        let before = ProcessCost.measure(system.processes)
        let start = ContinuousClock.now
        let channels = try await withThrowingTaskGroup(of: (any Channel).self) { group in
            for index in 0..<options.connections {
                let gateway = system.gateways[index % system.gateways.count]
                let loop = loops[index % loops.count]
                let account = users[index % users.count]
                group.addTask { try await LoadConnection.open(gateway, account: account, on: loop) }
            }
            var channels: [any Channel] = []
            for try await channel in group { channels.append(channel) }
            return channels
        }
        let elapsed = start.duration(to: .now).inSeconds
        // Registration and the first heartbeats are over by then.
        try await Task.sleep(for: .seconds(options.kind == .idle ? max(5, options.seconds) : 1))
        let after = ProcessCost.measure(system.processes)
        var report = Report(title: "\(options.kind.rawValue): \(options.connections) connections")
        report.add("welcomed", channels.count)
        report.add("ms until all were welcomed", Int(elapsed * 1000))
        for group in ["realtime-gateway", "presence-service", "redis"] {
            let grown = (after.resident[group] ?? 0) - (before.resident[group] ?? 0)
            report.add("resident bytes per connection, \(group)", grown / options.connections)
        }
        report.check("every connection was welcomed", channels.count == options.connections)
        for channel in channels { channel.close(promise: nil) }
        return report
    }
}

extension Scenario {
    /// Connections under way at a time, each for a moment only.
    private static let churnWidth = 200
    /// Resident bytes that a group of processes may have grown by from the first fifth to the end.
    private static let growthMax = 8 << 20

    private static func churn(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let users = try await Accounts(url: system.url).register(churnWidth)
        let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        var report = Report(title: "churn: \(options.connections) connections opened and closed")
        let start = ContinuousClock.now
        var marks: [ProcessCost] = []
        for fifth in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<churnWidth {
                    group.addTask {
                        for turn in 0..<max(1, options.connections / 5 / churnWidth) {
                            let channel = try await LoadConnection.open(
                                system.gateways[(lane + turn) % system.gateways.count], account: users[lane],
                                on: loops[lane % loops.count])
                            try await channel.close()
                        }
                    }
                }
                try await group.waitForAll()
            }
            // The services have taken note of the last ones by then.
            try await Task.sleep(for: .seconds(2))
            let mark = ProcessCost.measure(system.processes)
            for name in churnGroups {
                report.add("resident KB after \(fifth + 1)/5, \(name)", (mark.resident[name] ?? 0) >> 10)
            }
            marks.append(mark)
        }
        report.add("seconds", Int(start.duration(to: .now).inSeconds))
        for name in churnGroups {
            let grown = (marks[4].resident[name] ?? 0) - (marks[0].resident[name] ?? 0)
            report.check("\(name) grew by at most \(growthMax >> 20) MB after the first fifth", grown <= growthMax)
        }
        return report
    }

    private static let churnGroups = ["realtime-gateway", "presence-service", "message-service", "redis"]
}

extension Array {
    fileprivate func asyncSum(_ value: (Element) async -> Int) async -> Int {
        var sum = 0
        for element in self { sum += await value(element) }
        return sum
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
