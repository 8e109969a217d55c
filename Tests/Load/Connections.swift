import NIOCore

extension Scenario {
    /// Opens connections all at once, and for `idle` lets them be for a while.
    static func connections(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let users = try await Accounts(url: system.url).register(min(options.connections, 1000))
        let loops = Self.loops
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

    /// Connections under way at a time, each for a moment only.
    private static let churnWidth = 200
    /// Resident bytes that a group of processes may have grown by from the first fifth to the end.
    private static let growthMax = 8 << 20

    static func churn(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let users = try await Accounts(url: system.url).register(churnWidth)
        let loops = Self.loops
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
