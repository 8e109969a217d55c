import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// How many connections there are at once, in all and by who holds them.
package final class ConnectionCount: Sendable {
    private struct State {
        var total = 0
        var byHolder: [String: Int] = [:]
    }

    /// Counts nobody out.
    package static let unbounded = ConnectionCount(totalMax: .max, perHolderMax: .max)

    private let totalMax: Int
    private let perHolderMax: Int
    private let state = Mutex(State())

    package init(totalMax: Int, perHolderMax: Int) {
        self.totalMax = totalMax
        self.perHolderMax = perHolderMax
    }

    /// A place that is given back when nobody keeps it any more.
    package final class Place: Sendable {
        private let count: ConnectionCount
        private let holder: String?

        fileprivate init(_ count: ConnectionCount, _ holder: String?) {
            self.count = count
            self.holder = holder
        }

        deinit { count.leave(holder) }
    }

    /// - Parameter holder: nil for one who may have as many as there are.
    /// - Returns: nil where there is no place left.
    package func enter(_ holder: String?) -> Place? {
        let isIn = state.withLock { state in
            let held = holder.map { state.byHolder[$0] ?? 0 } ?? 0
            guard state.total < totalMax, held < perHolderMax else { return false }
            state.total += 1
            if let holder { state.byHolder[holder] = held + 1 }
            return true
        }
        return isIn ? Place(self, holder) : nil
    }

    package func hasRoom(for holder: String) -> Bool {
        state.withLock { $0.total < totalMax && $0.byHolder[holder] ?? 0 < perHolderMax }
    }

    private func leave(_ holder: String?) {
        state.withLock { state in
            state.total -= 1
            guard let holder, let held = state.byHolder[holder] else { return }
            state.byHolder[holder] = held > 1 ? held - 1 : nil
        }
    }

    /// Holders that are remembered: those with a connection.
    package var holderCount: Int { state.withLock { $0.byHolder.count } }
}

/// The descriptors of this process, every connection being one.
package enum Descriptors {
    /// For stores, other services, files.
    private static let reserved = 256

    /// What connections may take of those this process has.
    package static var connectionsMax: (http: Int, webSocket: Int) {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return connectionsMax(of: isKnown ? Int(clamping: limit.rlim_cur) : 1024)
    }

    /// A quarter is for connections that have not become a WebSocket: after an outage everybody shakes hands at once.
    package static func connectionsMax(of descriptors: Int) -> (http: Int, webSocket: Int) {
        let http = max(128, min(8192, descriptors / 4))
        return (http, max(128, descriptors - http - reserved))
    }
}
