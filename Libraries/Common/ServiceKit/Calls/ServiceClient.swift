package import ChatProtocol
package import ClientThread
package import HTTPClient
package import Logging
import Metrics
import Observability
import ServiceLifecycle
package import StrictJSON
import Synchronization
package import Tokens

/// How a call to another service can fail.
package enum ServiceCallError: Error, Sendable, CustomStringConvertible {
    /// No instance answered in time. *Outcome unknown* for what is not idempotent.
    case unavailable(String)
    /// The service answered with an error.
    case refused(ParleyError)

    package var description: String {
        switch self {
        case .unavailable(let why): "unavailable: \(why)"
        case .refused(let error): "refused: \(error)"
        }
    }

    /// What a client of this service is told.
    package var asParleyError: ParleyError {
        switch self {
        case .unavailable: .unavailable("a service behind is away; try again")
        case .refused(let error): error
        }
    }
}

/// Calls to one other service over its instances: a service token and the trace on every call, a time limit on every
/// attempt and a deadline on the whole, another instance after a failure, and a retry with full jitter where the call
/// is idempotent. As a background service it probes every instance each second, so that a dead one is avoided before
/// it costs a call and found again when it is back; and it looks up the names among its targets, each address of which
/// is an instance.
package final class ServiceClient: Service {
    private static let probeInterval: Duration = .seconds(1)
    private static let probeTimeout: Duration = .milliseconds(800)
    private static let backoffMax: Duration = .milliseconds(400)

    package let service: String
    private let http: HTTPClient
    private let tokens: ServiceTokenIssuer
    private let logger: Logger
    private let names: FollowNames
    private let targets: Mutex<TargetSet>
    private let probed = Atomic<Bool>(false)
    private let metrics: CallMetrics

    package convenience init(
        service: String, targets: [String], http: HTTPClient, tokens: ServiceTokenIssuer, logger: Logger
    ) {
        self.init(
            service: service, targets: targets, http: http, tokens: tokens, logger: logger,
            lookUp: NameLookup.addresses)
    }

    init(
        service: String, targets: [String], http: HTTPClient, tokens: ServiceTokenIssuer, logger: Logger,
        lookUp: @escaping FollowNames.LookUp
    ) {
        self.service = service
        metrics = CallMetrics(service: service)
        names = FollowNames(in: targets, by: lookUp, logger: logger)
        self.targets = Mutex(TargetSet(targets))
        self.http = http
        self.tokens = tokens
        self.logger = logger
    }

    /// Whether an instance was ready when last asked.
    package var isUp: Bool { probed.load(ordering: .relaxed) && targets.withLock { $0.isUp } }

    /// Calls a route and reads its answer.
    /// - Parameters:
    ///   - key: equal keys meet the same instance; nil for any.
    ///   - attempt: the time limit of one attempt.
    ///   - idempotent: whether an attempt whose outcome is unknown may be repeated.
    package func call<Answer: JSONDecodable>(
        _ path: String, method: String = "POST", body: (any JSONEncodable & Sendable)? = nil, key: UInt64? = nil,
        attempt: Duration = .seconds(1), deadline: Deadline, idempotent: Bool = true
    ) async throws(ServiceCallError) -> Answer {
        let payload = body.map { JSONWriter.encode($0) } ?? []
        var failure = ServiceCallError.unavailable("no attempt was made in time")
        var round = 0
        while !deadline.hasPassed {
            for target in targets.withLock({ $0.order(for: key) }) where !deadline.hasPassed {
                do throws(AttemptFailure) {
                    let answer = try await send(
                        method, target, path, payload, deadline: deadline.atMost(attempt), overall: deadline)
                    return try read(answer)
                } catch {
                    guard error.canRepeat(idempotent: idempotent) else { throw error.reason }
                    failure = error.reason
                    if error.targetIsDown { targets.withLock { $0.mark(target, isUp: false) } }
                }
            }
            round += 1
            let most = min(Self.backoffMax, .milliseconds(50 << min(round, 4)))
            let wait = min(most * Double.random(in: 0...1), max(.zero, deadline.remaining))
            do { try await Task.sleep(for: wait) } catch { throw failure }
        }
        throw failure
    }

    package func run() async throws {
        let up = Meter(
            "parley_call_targets_up", "Instances of another service that were ready when last asked.",
            [("service", service)])
        try await Repeating(every: Self.probeInterval) {
            self.names.lookUpAll { self.take($1, for: $0) }
            await self.probeAll()
            up.set(self.targets.withLock { $0.upCount })
        }.run()
    }

    // MARK: One attempt

    private struct AttemptFailure: Error {
        let reason: ServiceCallError
        var wasSent = true
        var isFinal = false
        var targetIsDown = false

        func canRepeat(idempotent: Bool) -> Bool { !isFinal && (idempotent || !wasSent) }
    }

    private func send(
        _ method: String, _ target: Target, _ path: String, _ payload: [UInt8], deadline: Deadline, overall: Deadline
    ) async throws(AttemptFailure) -> HTTPClientResponse {
        let token: String
        do {
            token = try await tokens.token(for: service)
        } catch {
            throw AttemptFailure(reason: .unavailable("no service token"), wasSent: false, isFinal: true)
        }
        var headers = [
            (name: "authorization", value: "Bearer \(token)"), (name: "content-type", value: "application/json"),
            (name: "parley-deadline-ms", value: String(max(0, min(deadline, overall).remaining.milliseconds))),
        ]
        if let trace = TraceContext.current { headers.append(("traceparent", trace.child().traceparent)) }
        let start = ContinuousClock.now
        do {
            let answer = try await http.send(
                HTTPClientRequest(
                    method: method, url: target.url + path, at: target.address, headers: headers, body: payload),
                deadline: deadline)
            metrics.attempts(answer.status == 200 ? .ok : .refused).record(since: start)
            return answer
        } catch {
            switch error {
            case .notSent(let why):
                metrics.attempts(.notSent).record(since: start)
                throw AttemptFailure(reason: .unavailable(why), wasSent: false, targetIsDown: true)
            case .noAnswer(let why):
                metrics.attempts(.noAnswer).record(since: start)
                throw AttemptFailure(reason: .unavailable(why), targetIsDown: true)
            }
        }
    }

    private func read<Answer: JSONDecodable>(_ response: HTTPClientResponse) throws(AttemptFailure) -> Answer {
        guard response.status == 200 else {
            let error = (try? ParleyError(parsing: response.body)) ?? ParleyError(.internal, "unreadable error")
            throw AttemptFailure(reason: .refused(error), isFinal: !error.code.retryable)
        }
        do {
            return try Answer(parsing: response.body)
        } catch {
            logger.error("unreadable answer", metadata: ["from": "\(service)", "reason": "\(error)"])
            throw AttemptFailure(reason: .unavailable("unreadable answer"), isFinal: true)
        }
    }

    // MARK: The instances

    private func take(_ addresses: [String], for url: String) {
        guard targets.withLock({ $0.found(addresses, for: url) }) else { return }
        logger.info(
            "the instances behind a name changed",
            metadata: ["url": "\(url)", "addresses": "\(addresses.sorted().joined(separator: " "))"])
    }

    private func probeAll() async {
        await withTaskGroup(of: (Target, Bool).self) { group in
            for target in targets.withLock({ $0.targets }) {
                group.addTask {
                    let answer = try? await self.http.send(
                        HTTPClientRequest(url: target.url + "/readyz", at: target.address),
                        deadline: .after(Self.probeTimeout))
                    return (target, answer?.status == 200)
                }
            }
            for await (target, isUp) in group { targets.withLock { $0.mark(target, isUp: isUp) } }
        }
        probed.store(true, ordering: .relaxed)
    }
}
