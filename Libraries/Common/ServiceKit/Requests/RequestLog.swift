import Logging
import Metrics
import Observability
import Synchronization

/// What is counted, and at level debug logged, of every request of a listener.
final class RequestLog: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private let listener: String
    private let logger: Logger
    /// Making a timer costs more than many a request: it spells out its labels.
    private let timers = Mutex<[Key: Metrics.Timer]>([:])

    init(listener: String, logger: Logger) {
        self.listener = listener
        self.logger = logger
    }

    /// To be called under the request's trace, when its answer is there.
    /// - Parameter route: the pattern of its path, of which there are few.
    func note(_ method: String, _ route: String, status: Int, since start: ContinuousClock.Instant) {
        timer(Key(method: method, route: route, status: status)).record(since: start)
        logger.debug("request", metadata: ["method": "\(method)", "route": "\(route)", "status": "\(status)"])
    }

    private func timer(_ key: Key) -> Metrics.Timer {
        timers.withLock { timers in
            if let timer = timers[key] { return timer }
            let timer = Metrics.Timer(
                "parley_http_request_seconds",
                "From a request's head to its answer, by the pattern of its route (none: no route) and its status.",
                [
                    ("listener", listener), ("method", key.method), ("route", key.route),
                    ("status", String(key.status)),
                ])
            timers[key] = timer
            return timer
        }
    }
}
