package import ChatProtocol
import Synchronization
package import Tokens

/// The keys of access tokens as this instance knows them: read from the table every few seconds, so that all
/// instances sign with the same one and believe all.
package final class KeyRing: Sendable {
    /// An unknown key in a token makes the table be read again, but not more often than this.
    private static let unknownKeyPause: Duration = .seconds(1)

    private struct State {
        var signer: TokenSigner?
        var signingID: String?
        var keySet = KeySet(keys: [])
        var nextForUnknown = ContinuousClock.now
    }

    private let store: PostgresKeyStore
    private let lifetime: Duration
    private let verifier = AccessToken.verifier()
    private let state = Mutex(State())

    /// - Parameter lifetime: how long an access token is good.
    package init(_ store: PostgresKeyStore, lifetime: Duration) {
        self.store = store
        self.lifetime = lifetime
    }

    package var isLoaded: Bool { state.withLock { $0.signer != nil } }

    /// The public keys, for everybody who verifies.
    package var keySet: KeySet { state.withLock { $0.keySet } }

    /// Reads the table; makes the first key where there is none to sign with, and the next one when it is time.
    package func reload() async throws {
        var keys = try await store.load()
        if keys.allSatisfy({ $0.signing == nil }) {
            keys = try await store.makeFirst()
        } else if keys.contains(where: \.isDue) {
            keys = try await store.rotateIfDue()
        }
        await verifier.replaceKeys(keys.map(\.verification))
        let keySet = KeySet(
            keys: keys.map { .init(id: $0.verification.id, x: Base64URL.encode($0.verification.bytes)) })
        state.withLock { $0.keySet = keySet }
        let signing = keys.lazy.compactMap(\.signing).first
        guard let signing, state.withLock({ $0.signingID != signing.id }) else { return }
        let signer = await TokenSigner(key: signing, type: AccessToken.type)
        state.withLock { state in
            state.signer = signer
            state.signingID = signing.id
        }
    }

    /// - Returns: a new access token and the seconds it is good for.
    package func sign(user: UserID, session: SessionID) async throws -> (token: String, expiresIn: Int) {
        guard let signer = state.withLock({ $0.signer }) else {
            throw ParleyError.unavailable("signing in is not possible just now")
        }
        let claims = AccessToken.claims(user: user, session: session, now: .now, lifetime: lifetime)
        return (try await signer.sign(claims), Int(claims.exp - claims.iat))
    }

    /// Checks signature and claims, not whether the session goes on.
    /// - Throws: ``ParleyError`` `unauthenticated`.
    package func verify(_ token: String) async throws -> AccessToken {
        do {
            return try await AccessToken(verifying: token, by: verifier)
        } catch .unknownKey where mayReload() {
            try await reload()
        } catch {
            throw Self.refusal(error)
        }
        do {
            return try await AccessToken(verifying: token, by: verifier)
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: TokenError) -> ParleyError {
        ParleyError(
            .unauthenticated, error == .expired ? "the access token has expired" : "the access token is not valid")
    }

    private func mayReload() -> Bool {
        state.withLock { state in
            guard state.nextForUnknown <= .now else { return false }
            state.nextForUnknown = .now + Self.unknownKeyPause
            return true
        }
    }
}
