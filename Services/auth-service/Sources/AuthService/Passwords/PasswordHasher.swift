import CArgon2
import ChatProtocol
import ClientThread
import Dispatch
import Metrics
import Observability
package import ServiceKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Hashes passwords on a few threads of its own, never on event loops or the cooperative pool. Its queue is bounded:
/// when it is full the client is told to come back, before anything was spent on it.
package final class PasswordHasher: Sendable {
    /// How long a hash may wait for a thread; later nobody waits for the answer.
    private static let waitMax: Duration = .seconds(3)
    /// Seconds without a hash after which a thread gives its memory back.
    private static let restAfter = 5.0

    private struct Job: Sendable {
        let deadline: Deadline
        /// Called with false where the job was dropped.
        let run: @Sendable (_ inTime: Bool) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)
    private let threads: Int
    private let queueMax: Int
    private let parameters: Argon2Parameters
    /// Hashes made with cheaper parameters are replaced; never the other way round, so that a run with the bench
    /// profile spoils no account.
    private let upgrades: Bool
    /// Stands in for the hash of a user who does not exist.
    private let decoy: String
    private let hashTime = Metrics.Timer(
        "parley_password_hash_seconds", "From asking for a hash to having it, the wait for a thread included.")
    private let shed = Counter(
        "parley_password_hashes_shed_total", "Hashes that were not made, because too many waited or for too long.")

    /// - Parameters:
    ///   - queueMax: hashes that may wait.
    ///   - profile: bench lowers the cost.
    package init(threads: Int, queueMax: Int, profile: LimitsProfile) throws {
        self.threads = max(1, threads)
        self.queueMax = queueMax
        parameters = profile == .bench ? .bench : .standard
        upgrades = profile == .standard
        decoy = try Argon2id.hash((0..<32).map { _ in UInt8.random(in: 0...255) }, parameters)
        for _ in 0..<self.threads { startThread { [self] in work() } }
    }

    /// Hashes that wait for a thread.
    package var waitingCount: Int { state.withLock { $0.jobs.count } }

    /// Ends the threads when the queue is empty.
    package func close() {
        state.withLock { $0.isClosed = true }
        for _ in 0..<threads { available.signal() }
    }

    /// The hash of the password in its composed form.
    /// - Throws: ``ParleyError`` `unavailable` where too many wait.
    package func hash(_ password: [UInt8]) async throws -> String {
        let parameters = parameters
        let composed = Self.composed(password)
        return try await perform { try Argon2id.hash(composed, parameters) }
    }

    /// Whether the password belongs to the hash. Without a hash the same work is done and the answer is no, so that
    /// an unknown user costs what a wrong password costs (OWASP Authentication Cheat Sheet, "Authentication and
    /// Error Messages").
    package func verify(_ password: [UInt8], against encoded: String?) async throws -> Bool {
        let target = encoded ?? decoy
        let composed = Self.composed(password)
        let matches = try await perform {
            // Version 0.1.0 hashed what was typed. What is composed anyway, nearly every password, costs one try.
            if try Argon2id.verify(composed, against: target) { return true }
            guard composed != password else { return false }
            return try Argon2id.verify(password, against: target)
        }
        return matches && encoded != nil
    }

    private static func composed(_ password: [UInt8]) -> [UInt8] {
        Array(NewPassword.normalised(String(decoding: password, as: UTF8.self)).utf8)
    }

    /// Whether a hash should be made again with today's parameters.
    package func isOutdated(_ encoded: String) -> Bool { upgrades && Argon2Parameters(of: encoded) != parameters }

    // MARK: The queue and its threads

    private func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
            let overloaded: @Sendable () -> Void = { [shed] in
                shed.increment()
                continuation.resume(throwing: Self.overloaded)
            }
            let job = Job(deadline: .after(Self.waitMax)) { [hashTime] inTime in
                guard inTime else { return overloaded() }
                let result = Result(catching: body)
                hashTime.record(since: start)
                continuation.resume(with: result)
            }
            let isIn = state.withLock { state in
                guard !state.isClosed, state.jobs.count < queueMax else { return false }
                state.jobs.append(job)
                return true
            }
            guard isIn else { return overloaded() }
            available.signal()
        }
    }

    private func work() {
        var holdsMemory = false
        while true {
            guard available.wait(timeout: .now() + Self.restAfter) == .success else {
                if holdsMemory { Self.releaseMemory() }
                holdsMemory = false
                continue
            }
            let job = state.withLock { state in state.jobs.isEmpty ? nil : state.jobs.removeFirst() }
            if let job {
                job.run(!job.deadline.hasPassed)
                holdsMemory = true
            } else if state.withLock({ $0.isClosed }) {
                return
            }
        }
    }

    /// Gives the 19 MiB which glibc keeps for this thread back to the system: a free that finds more than the trim
    /// threshold on top of the thread's arena shrinks it (`malloc_trim` leaves that part alone). Doing so after every
    /// hash costs 33 ms a hash instead of 22 (60 hashes, one thread, 2 busy cores).
    private static func releaseMemory() {
        #if canImport(Glibc)
            mallopt(M_TRIM_THRESHOLD, 1 << 20)
            let block = malloc(1 << 18)
            // Keeps the optimiser from leaving out both calls.
            if let block { explicit_bzero(block, 1) }
            free(block)
            mallopt(M_TRIM_THRESHOLD, 1 << 30)
        #endif
    }

    private static let overloaded = ParleyError.unavailable("too many sign-ins at once", retryAfter: .seconds(2))
}
