package import ChatProtocol
import ClientThread
package import Logging
import Metrics
import Observability
import ServiceLifecycle
import Synchronization
package import Tokens

/// Decides offline whether an access token holds: by auth-service's public keys and its list of ended sessions, both
/// read every 2 s. With auth-service away the last keys and the last list stand.
package final class SessionAuthority: Service {
    private static let interval: Duration = .seconds(2)
    /// Tokens whose signature was checked and that are remembered, so that REST calls do not pay for it again.
    private static let rememberedMax = 20_000

    private struct State {
        var revoked: [SessionID: Timestamp] = [:]
        var cursor: String?
        /// Whether the list was once read to its end.
        var isComplete = false
        var remembered: [String: AccessToken] = [:]
        var keyIDs: Set<String> = []
        /// Counts the times that `remembered` was forgotten.
        var generation = 0
    }

    private let auth: ServiceClient
    private let verifier = AccessToken.verifier()
    private let state = Mutex(State())
    private let logger: Logger
    private let onRevoked: @Sendable ([SessionID]) -> Void
    private let refreshedAt = Meter(
        "parley_sessions_refreshed_timestamp_seconds",
        "When keys and ended sessions were last read from auth-service, in seconds since 1970; 0: never.")

    /// - Parameter onRevoked: called with sessions that are found ended, once each.
    package init(
        auth: ServiceClient, logger: Logger, onRevoked: @escaping @Sendable ([SessionID]) -> Void = { _ in }
    ) {
        self.auth = auth
        self.logger = logger
        self.onRevoked = onRevoked
    }

    /// Whether keys and list were loaded at least once.
    package var isLoaded: Bool { verifier.hasKeys && state.withLock { $0.isComplete } }

    package func run() async throws {
        try await Repeating(every: Self.interval) { await self.refresh() }.run()
    }

    /// - Parameter remembering: whether the same token will be seen again, as with requests. A socket shows it once.
    /// - Throws: ``ParleyError`` `unauthenticated`, or `unavailable` where no keys could be loaded yet.
    package func verify(_ token: String, remembering: Bool = true) async throws(ParleyError) -> AccessToken {
        guard isLoaded else { throw .unavailable("signing in is not possible just now") }
        guard AccessToken.isPlausible(token) else { throw Self.invalid }
        let (known, generation) = state.withLock { ($0.remembered[token], $0.generation) }
        let access: AccessToken
        if let known, known.expires > .now {
            access = known
        } else {
            access = try await check(token)
            if remembering { remember(token, access, of: generation) }
        }
        guard !isRevoked(access.session) else { throw ParleyError(.unauthenticated, "this session was ended") }
        return access
    }

    package func isRevoked(_ session: SessionID) -> Bool { state.withLock { $0.revoked[session] != nil } }

    /// Takes news of ended sessions from wherever they come.
    package func add(_ revocations: [RevocationsAnswer.Revocation]) {
        let fresh = state.withLock { state in
            let fresh = revocations.filter { state.revoked[$0.session] == nil }
            for revocation in revocations { state.revoked[revocation.session] = revocation.until }
            return fresh.map(\.session)
        }
        if !fresh.isEmpty { onRevoked(fresh) }
    }

    private func check(_ token: String) async throws(ParleyError) -> AccessToken {
        do {
            return try await AccessToken(verifying: token, by: verifier)
        } catch {
            throw error == .expired ? ParleyError(.unauthenticated, "the access token has expired") : Self.invalid
        }
    }

    private static let invalid = ParleyError(.unauthenticated, "the access token is not valid")

    private func remember(_ token: String, _ access: AccessToken, of generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.remembered.count >= Self.rememberedMax { state.remembered = [:] }
            state.remembered[token] = access
        }
    }

    // MARK: Reading from auth-service

    /// What a key signed that is no longer there must be looked at again, and will be refused.
    private func replaceKeys(_ keys: [VerificationKey]) async {
        await verifier.replaceKeys(keys)
        let ids = Set(keys.map(\.id))
        state.withLock { state in
            if !state.keyIDs.isSubset(of: ids) {
                state.remembered = [:]
                state.generation += 1
            }
            state.keyIDs = ids
        }
    }

    private func refresh() async {
        do {
            let set: KeySet = try await auth.call(KeySet.path, method: "GET", deadline: .after(.seconds(2)))
            let keys = set.keys.compactMap { key in
                Base64URL.decode(key.x).flatMap { VerificationKey(id: key.id, bytes: $0) }
            }
            // An empty set would lock everybody out; the last keys are better.
            if !keys.isEmpty { await replaceKeys(keys) }
            while try await readRevocations() {}
            let now = Timestamp.now
            state.withLock { state in
                state.isComplete = true
                state.revoked = state.revoked.filter { $0.value > now }
            }
            refreshedAt.set(now.seconds)
        } catch {
            logger.warning("keys and ended sessions not refreshed", metadata: ["reason": "\(error)"])
        }
    }

    /// Reads a page of ended sessions.
    /// - Returns: whether there may be more of them.
    private func readRevocations() async throws -> Bool {
        let cursor = state.withLock { $0.cursor }
        let path = RevocationsAnswer.path + (cursor.map { "?since=\($0)" } ?? "")
        let answer: RevocationsAnswer = try await auth.call(path, method: "GET", deadline: .after(.seconds(2)))
        add(answer.revocations)
        state.withLock { $0.cursor = answer.next }
        return !answer.revocations.isEmpty
    }
}
