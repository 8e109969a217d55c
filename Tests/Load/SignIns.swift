extension Scenario {
    /// People sign in by password, so many at a time. Most of it is the hash, which is meant to be dear.
    static func signIns(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(min(options.connections, 200))
        let latencies = Latencies()
        let before = ProcessCost.measure(system.processes)
        let start = ContinuousClock.now
        let succeeded = try await Accounts.concurrently(options.connections, width: options.inFlight) { index in
            do {
                try await latencies.time { try await accounts.signIn(users[index % users.count]) }
                return true
            } catch is LoadError {
                return false
            }
        }.count { $0 }
        let seconds = start.duration(to: .now).inSeconds
        let cpu = ProcessCost.measure(system.processes).cpu(since: before)
        var report = Report(
            title: "sign-in storm: \(options.connections) sign-ins by password, \(options.inFlight) at a time")
        report.add("signed in", succeeded)
        report.add("refused for now", options.connections - succeeded)
        report.add("sign-ins per second", Int(Double(succeeded) / seconds))
        report.add(latencies, "a sign-in")
        for (name, seconds) in cpu.sorted(by: { $0.key < $1.key }) {
            report.add("CPU µs per sign-in, \(name)", Int(seconds * 1e6 / Double(max(1, succeeded))))
        }
        report.check("somebody could sign in", succeeded > 0)
        return report
    }
}
