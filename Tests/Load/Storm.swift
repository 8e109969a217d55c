import ClientThread
import Foundation
import Logging
import NIOCore
import NIOPosix
import Postgres
import Synchronization

/// All gateways die at once under many connections, and come back a moment later: how long until every client is
/// connected and in sync again, and what does PostgreSQL have to do for it? The clients keep docs/protocol.md: full
/// jitter from 0.5 s to 20 s, at most as long as nothing has worked, begun anew after 30 s of being connected; and a sync
/// after each welcome.
struct Storm {
    private static let backoffBase = 0.5
    private static let backoffCap = 20.0
    private static let stable: Duration = .seconds(30)
    /// How long the gateways stay away, so that the clients have tried in vain.
    private static let absence: Duration = .seconds(2)
    private static let patience: Duration = .seconds(60)
    private static let usersMax = 1000

    /// Who is in sync, and when the last one came.
    private final class Board: Sendable {
        struct State {
            var inSync = 0
            var lastChange = ContinuousClock.now
            var attempts = 0
        }

        let state = Mutex(State())

        func count(_ change: Int) {
            state.withLock { state in
                state.inSync += change
                state.lastChange = .now
            }
        }
    }

    let options: LoadOptions
    let system: RunningSystem

    func run() async throws -> Report {
        guard let script = ProcessInfo.processInfo.environment["PARLEY_SCRIPT"] else {
            throw LoadError("storm is run by ./parley bench, which it needs to stop and start the gateways")
        }
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(min(options.connections, Self.usersMax))
        let board = Board()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<options.connections {
                group.addTask { await client(index, users[index % users.count], accounts, board) }
            }
            try await until(board, holds: options.connections)
            // What such a number of idle clients costs when nothing happens.
            let quiet = try await transactionsPerSecond(during: .seconds(5))
            let report = try await blow(script, board, quiet: quiet)
            group.cancelAll()
            return report
        }
    }

    private func blow(_ script: String, _ board: Board, quiet: Double) async throws -> Report {
        let gateways = (1...max(1, system.processes["realtime-gateway"]?.count ?? 1)).map { "realtime-gateway-\($0)" }
        try await parley(script, "kill", gateways)
        try await Task.sleep(for: Self.absence)
        board.state.withLock { $0.attempts = 0 }
        let before = try await counter()
        let start = ContinuousClock.now
        try await parley(script, "start", gateways)
        let ready = start.duration(to: .now).inSeconds
        try await until(board, holds: options.connections)
        let elapsed = start.duration(to: board.state.withLock { $0.lastChange }).inSeconds
        let spent = try await counter() - before
        let attempts = board.state.withLock { $0.attempts }

        var report = Report(title: "storm: \(options.connections) clients, \(gateways.count) gateway(s) killed at once")
        let back = board.state.withLock { $0.inSync }
        report.add("clients back and in sync", back)
        report.add("ms from the start of the gateways until all were ready", Int(ready * 1000))
        report.add("ms from the start of the gateways to the last client in sync", Int(elapsed * 1000))
        report.add("attempts to connect after the start", attempts)
        report.add("PostgreSQL transactions per second before, all clients idle", Int(quiet))
        report.add("PostgreSQL transactions per second during the return", Int(Double(spent) / max(elapsed, 0.001)))
        report.add("PostgreSQL transactions per client that came back, × 100", Int(spent) * 100 / max(1, back))
        report.check("every client is back and in sync within 15 s", back == options.connections && elapsed <= 15)
        return report
    }

    // MARK: One client

    private func client(_ index: Int, _ account: Account, _ accounts: Accounts, _ board: Board) async {
        let loops = Scenario.loops
        var attempt = 0.0
        var failingSince = ContinuousClock.now
        while !Task.isCancelled {
            board.state.withLock { $0.attempts += 1 }
            if let channel = try? await LoadConnection.open(
                system.gateways.randomElement() ?? system.gateways[0], account: account, on: loops[index % loops.count])
            {
                if (try? await accounts.sync(account)) != nil {
                    board.count(1)
                    let since = ContinuousClock.now
                    await withTaskCancellationHandler {
                        _ = try? await channel.closeFuture.get()
                    } onCancel: {
                        channel.close(promise: nil)
                    }
                    board.count(-1)
                    if since.duration(to: .now) > Self.stable { attempt = 0 }
                } else {
                    channel.close(promise: nil)
                }
            }
            if attempt == 0 { failingSince = .now }
            let failingFor = failingSince.duration(to: .now).inSeconds
            let most = min(
                Self.backoffCap, Self.backoffBase * pow(2, attempt), max(Self.backoffBase, failingFor))
            attempt += 1
            // Cancelled means that the run is over: the loop's condition sees it.
            try? await Task.sleep(for: .seconds(Double.random(in: 0...most)))
        }
    }

    private func until(_ board: Board, holds count: Int) async throws {
        let deadline = Deadline.after(Self.patience)
        while board.state.withLock({ $0.inSync }) < count, !deadline.hasPassed {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: The system

    /// Does it to all of them at the same time.
    private func parley(_ script: String, _ action: String, _ names: [String]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names { group.addTask { try await parley(script, action, name) } }
            try await group.waitForAll()
        }
    }

    private func parley(_ script: String, _ action: String, _ name: String) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script)
        process.arguments = ["process", action, name, "--home", options.home]
        let status: Int32 = try await withCheckedThrowingContinuation { ended in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        guard status == 0 else { throw LoadError("\(script) process \(action) \(name) failed") }
    }

    private func transactionsPerSecond(during duration: Duration) async throws -> Double {
        let before = try await counter()
        try await Task.sleep(for: duration)
        return Double(try await counter() - before) / duration.inSeconds
    }

    /// Transactions of the database so far, as PostgreSQL counts them (about once a second).
    private func counter() async throws -> Int64 {
        let connection = PostgresConnection(
            PostgresConfiguration(url: system.databaseURL, applicationName: "parley-load"),
            logger: Logger(label: "load"))
        defer { connection.close() }
        return try await connection.query(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()",
            deadline: .after(.seconds(10)))[0].get(0)
    }
}
