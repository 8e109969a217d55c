import ClientThread
import Logging
import Synchronization

/// Looks up the names in some URLs whenever it is asked to, each look-up on a thread of its own, because it blocks. A
/// resolver can take seconds over a name that nobody has at the moment, and would not notice that somebody has it again
/// meanwhile; so the next look-up does not wait for the last one.
final class FollowNames: Sendable {
    typealias LookUp = @Sendable (_ name: String) -> [String]?

    private struct Followed: Sendable {
        let url: String
        let name: String
        /// Look-ups that were begun, and the latest of them that has found something: what is older is not believed.
        var begun = 0
        var believed = 0
        var underWay = 0
        var isFailing = false
    }

    /// Look-ups of one name at a time.
    private static let underWayMax = 8

    private let names: Mutex<[Followed]>
    private let lookUp: LookUp
    private let logger: Logger

    init(in urls: [String], by lookUp: @escaping LookUp, logger: Logger) {
        names = Mutex(urls.compactMap { url in NameLookup.name(in: url).map { Followed(url: url, name: $0) } })
        self.lookUp = lookUp
        self.logger = logger
    }

    /// Begins one look-up of each name.
    /// - Parameter found: is called on another thread for each that finds something.
    func lookUpAll(found: @escaping @Sendable (_ url: String, _ addresses: [String]) -> Void) {
        let begun = names.withLock { names in names.indices.compactMap { begin($0, &names[$0]) } }
        for (index, url, name, number) in begun {
            startThread {
                let addresses = self.lookUp(name)
                if self.names.withLock({ self.end(number, of: &$0[index], addresses == nil) }), let addresses {
                    found(url, addresses)
                }
            }
        }
    }

    private func begin(_ index: Int, _ followed: inout Followed) -> (Int, url: String, name: String, number: Int)? {
        guard followed.underWay < Self.underWayMax else { return nil }
        followed.underWay += 1
        followed.begun += 1
        return (index, followed.url, followed.name, followed.begun)
    }

    /// - Returns: whether its answer is the latest.
    private func end(_ number: Int, of followed: inout Followed, _ hasFailed: Bool) -> Bool {
        followed.underWay -= 1
        guard number > followed.believed else { return false }
        if hasFailed, !followed.isFailing {
            logger.warning(
                "a name cannot be looked up; its last addresses stay", metadata: ["name": "\(followed.name)"])
        }
        followed.isFailing = hasFailed
        if !hasFailed { followed.believed = number }
        return !hasFailed
    }
}
