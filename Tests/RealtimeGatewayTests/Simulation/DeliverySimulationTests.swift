import Foundation
import Testing

@Suite("Delivery under random faults, in virtual time")
struct DeliverySimulationTests {
    /// PARLEY_SIMULATION_SEED runs one schedule again; PARLEY_SIMULATION_RUNS says how many there are.
    private static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["PARLEY_SIMULATION_SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
        return 1..<(environment["PARLEY_SIMULATION_RUNS"].flatMap(UInt64.init) ?? 1000) + 1
    }()

    @Test("every connected device shows every message within 10 s of its commit, and everything in the end")
    func promise() {
        for seed in Self.seeds {
            let failures = DeliverySimulation(seed: seed).run().prefix(5)
            guard failures.isEmpty else {
                return #expect(Bool(false), "PARLEY_SIMULATION_SEED=\(seed): \(Array(failures))")
            }
        }
    }

    @Test("is noticed to fail without any one safeguard", arguments: DeliverySimulation.MissingSafeguard.allCases)
    func teeth(_ missing: DeliverySimulation.MissingSafeguard) {
        let caught = (1...UInt64(1000)).first { !DeliverySimulation(seed: $0, without: [missing]).run().isEmpty }
        #expect(caught != nil)
    }
}
