import ChatProtocol

/// The instances whose lease lives at a moment of Redis' clock, and what a user's value means by them: values without
/// I/O.
struct LiveGateways: Sendable {
    private let live: Set<InstanceID>

    /// - Parameters:
    ///   - leases: each instance with the millisecond at which its lease runs out.
    ///   - now: Redis' clock in milliseconds.
    init(leases: [(instance: InstanceID, until: Int64)], now: Int64) {
        live = Set(leases.lazy.filter { $0.until > now }.map(\.instance))
    }

    /// The live ones in the value of a user: `<instance>:<connections>`, once per gateway, separated by blanks. After
    /// the last connection the value is `@<milliseconds>`, which names none.
    func named(in value: String) -> [InstanceID] {
        value.utf8.split(separator: UInt8(ascii: " ")).compactMap { entry in
            guard let colon = entry.firstIndex(of: UInt8(ascii: ":")), let instance = InstanceID(entry[..<colon]),
                live.contains(instance)
            else { return nil }
            return instance
        }
    }
}
