import ClientThread
import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Looks up the names in some URLs again and again, on a thread of its own because a look-up blocks: an instance that
/// was started is found within about a second, and one that was taken out of the name is left.
final class FollowNames: Sendable {
    typealias LookUp = @Sendable (_ name: String) -> [String]?

    private static let pause: Duration = .seconds(1)

    private let names: [(url: String, name: String)]
    private let lookUp: LookUp
    private let found: @Sendable (_ url: String, _ addresses: [String]) -> Void
    private let logger: Logger
    private let isStopped = Atomic(false)

    /// - Parameter found: called on that thread after each look-up that did not fail.
    init(
        in urls: [String], by lookUp: @escaping LookUp, logger: Logger,
        found: @escaping @Sendable (_ url: String, _ addresses: [String]) -> Void
    ) {
        names = urls.compactMap { url in NameLookup.name(in: url).map { (url, $0) } }
        self.lookUp = lookUp
        self.found = found
        self.logger = logger
    }

    /// Begins, where there is a name at all.
    func start() {
        guard !names.isEmpty else { return }
        startThread { self.run() }
    }

    /// The thread ends after the look-up under way, which nobody waits for.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    private func run() {
        var failing: Set<String> = []
        while !isStopped.load(ordering: .relaxed) {
            for (url, name) in names {
                if let addresses = lookUp(name) {
                    failing.remove(name)
                    found(url, addresses)
                } else if failing.insert(name).inserted {
                    logger.warning("a name cannot be looked up; its last addresses stay", metadata: ["name": "\(name)"])
                }
            }
            usleep(UInt32(Self.pause.components.seconds) * 1_000_000)
        }
    }
}
