/// Where one instance of a service is reached.
struct Target: Sendable, Equatable {
    /// As configured: scheme, name and port.
    let url: String
    /// Which of the addresses behind the URL's name; nil where it names an address, or none was found yet.
    var address: String?
}

/// Which instances of a service to try, and in which order: a value without I/O. A URL whose name several addresses
/// stand behind is as many instances.
struct TargetSet: Sendable {
    private struct Known: Sendable {
        let target: Target
        var isUp = true
        /// Of the key's hash: equal in every caller, wherever in its list the instance stands.
        let seed: UInt64

        init(_ target: Target) {
            self.target = target
            seed = TargetSet.hash((target.url + " " + (target.address ?? "")).utf8)
        }
    }

    /// Instances behind one name; more are not used.
    static let addressesMax = 128

    private var known: [Known]
    private let urls: [String]

    init(_ urls: [String]) {
        self.urls = urls.enumerated().filter { !urls[..<$0.offset].contains($0.element) }.map(\.element)
        known = self.urls.map { Known(Target(url: $0)) }
    }

    var targets: [Target] { known.map(\.target) }

    var upCount: Int { known.count { $0.isUp } }

    /// Whether any instance was up when last heard of.
    var isUp: Bool { known.contains { $0.isUp } }

    mutating func mark(_ target: Target, isUp: Bool) {
        for index in known.indices where known[index].target == target { known[index].isUp = isUp }
    }

    /// Takes what a look-up of a URL's name has found. A new instance counts as up until it is heard of; one that is
    /// still there stays as it was; one that is gone gets no further call. None at all changes nothing: rather an old
    /// address than nobody to ask.
    /// - Returns: whether it changed anything.
    mutating func found(_ addresses: [String], for url: String) -> Bool {
        let wanted = Set(addresses).sorted().prefix(Self.addressesMax).map { Target(url: url, address: $0) }
        guard urls.contains(url), !wanted.isEmpty, wanted != targets.filter({ $0.url == url }) else { return false }
        known = urls.flatMap { each in
            guard each == url else { return known.filter { $0.target.url == each } }
            return wanted.map { target in known.first { $0.target == target } ?? Known(target) }
        }
        return true
    }

    /// The instances that are up first, then the rest as a last resort; within both by rendezvous hash of the key, so
    /// that the same key meets the same instance as long as that one lives, and others coming and going move only the
    /// keys that are theirs.
    /// - Parameter key: nil where any order will do.
    func order(for key: UInt64?) -> [Target] {
        guard known.count > 1 else { return targets }
        let key = key ?? .random(in: 0 ... .max)
        let weights = known.map { Self.mix(key ^ $0.seed) }
        let ranked = known.indices.sorted { a, b in
            known[a].isUp != known[b].isUp ? known[a].isUp : weights[a] > weights[b]
        }
        return ranked.map { known[$0].target }
    }

    /// FNV-1a: a key's instance must be the same in every process, so not by Swift's seeded `Hasher`.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        mix(bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 })
    }

    /// The finaliser of splitmix64 (Steele, Lea and Flood 2014), a cheap mix of all bits.
    private static func mix(_ bits: UInt64) -> UInt64 {
        var mixed = bits &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
