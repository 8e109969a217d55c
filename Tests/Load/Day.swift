import ChatProtocol
import NIOCore

/// A day in a minute: a fifth of the people chat, with typing and cursors, as their clients do; the rest looks on, with
/// pings and the presence of somebody to watch; and now and then somebody comes back.
struct Day {
    private static let watched = 5

    let options: LoadOptions
    let system: RunningSystem

    func run() async throws -> Report {
        guard options.connections >= 2 else { throw LoadError("a day needs two people at least") }
        let rate = options.rate ?? max(1, options.connections / 20)
        let load = try await MessageLoad.connect(max(1, options.connections / 10), system, habits: .human)
        let accounts = Accounts(url: system.url)
        let idle = try await accounts.register(min(1000, options.connections - 2 * load.pairs.count))
        let welcomes = Latencies()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let before = ProcessCost.measure(system.processes)
            for index in 0..<(options.connections - 2 * load.pairs.count) {
                group.addTask {
                    var channel = try await open(index, idle)
                    // Everybody comes back once in 1,000 s on average.
                    while !Task.isCancelled {
                        try? await Task.sleep(for: .seconds(Double.random(in: 0...2000)))
                        if Task.isCancelled { break }
                        try await channel.close()
                        channel = try await welcomes.time { try await open(index, idle) }
                        try await accounts.sync(idle[index % idle.count])
                    }
                    channel.close(promise: nil)
                }
            }
            load.start(.open(perSecond: Double(rate)))
            try await Task.sleep(for: .seconds(5))
            let measured = try await load.measure(options.seconds, system)
            let after = ProcessCost.measure(system.processes)
            group.cancelAll()
            try await group.waitForAll()
            load.stop()
            try await Task.sleep(for: .seconds(2))

            var report = Report(
                title: "mixed day: \(options.connections) people, \(rate) messages/s, \(options.seconds) s, "
                    + "\(system.gateways.count) gateway(s)")
            report.add(measured)
            for (name, seconds) in measured.cpu.sorted(by: { $0.key < $1.key }) {
                report.add("CPU ms per second, \(name)", Int(seconds * 1000 / measured.seconds))
            }
            for name in ["realtime-gateway", "presence-service", "redis"] {
                let grown = (after.resident[name] ?? 0) - (before.resident[name] ?? 0)
                report.add("resident KB more than before, \(name)", grown >> 10)
            }
            report.add("came back", welcomes.count)
            if welcomes.count > 0 { report.add(welcomes, "until welcomed again") }
            try await load.check(&report, system)
            return report
        }
    }

    /// Somebody who looks on.
    private func open(_ index: Int, _ users: [Account]) async throws -> any Channel {
        let watched = (1...Self.watched).map { users[(index + $0) % users.count].user }
        let loop = Scenario.loops[index % Scenario.loops.count]
        let channel = try await LoadConnection.open(
            system.gateways[index % system.gateways.count], account: users[index % users.count], on: loop)
        loop.execute {
            // A connection that is lost already shows at its next use.
            guard let connection = try? channel.pipeline.syncOperations.handler(type: LoadConnection.self) else {
                return
            }
            connection.watch(watched)
            ping(connection, on: loop)
        }
        return channel
    }

    private func ping(_ connection: LoadConnection, on loop: any EventLoop) {
        let connection = NIOLoopBound(connection, eventLoop: loop)
        loop.scheduleTask(in: Pair.pingInterval) {
            guard connection.value.isOpen else { return }
            connection.value.ping()
            ping(connection.value, on: loop)
        }
    }
}

extension Scenario {
    static func day(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        try await Day(options: options, system: system).run()
    }
}
