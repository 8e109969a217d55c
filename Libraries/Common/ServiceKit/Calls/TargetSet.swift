/// Which instances of a service to try, and in which order: a value without I/O.
struct TargetSet: Sendable {
    private(set) var targets: [(url: String, isUp: Bool)]

    init(_ urls: [String]) { targets = urls.map { ($0, true) } }

    /// Whether any instance was up when last heard of.
    var isUp: Bool { targets.contains { $0.isUp } }

    mutating func mark(_ url: String, isUp: Bool) {
        for index in targets.indices where targets[index].url == url { targets[index].isUp = isUp }
    }

    /// The instances that are up first, then the rest as a last resort; within both by rendezvous hash of the key, so
    /// that the same key meets the same instance as long as that one lives.
    /// - Parameter key: nil where any order will do.
    func order(for key: UInt64?) -> [String] {
        guard targets.count > 1 else { return targets.map(\.url) }
        let key = key ?? .random(in: 0 ... .max)
        let ranked = targets.enumerated().sorted { a, b in
            if a.element.isUp != b.element.isUp { return a.element.isUp }
            return Self.weight(key, a.offset) > Self.weight(key, b.offset)
        }
        return ranked.map(\.element.url)
    }

    /// The finaliser of splitmix64 (Steele, Lea and Flood 2014), a cheap mix of all bits.
    private static func weight(_ key: UInt64, _ index: Int) -> UInt64 {
        var mixed = key &+ UInt64(truncatingIfNeeded: index + 1) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
