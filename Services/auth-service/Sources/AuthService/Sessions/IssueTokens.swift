package import ChatProtocol
package import StrictJSON

/// The answer to register, login and refresh.
package struct SignedIn: Sendable, JSONEncodable {
    package let user: User
    package let session: SessionID
    package let accessToken: String
    package let expiresIn: Int
    package let refresh: RefreshToken
    /// Whether the refresh token goes into a cookie and not into the body.
    package let asCookie: Bool

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("user", user)
            json.field("session_id", session)
            json.field("access_token", accessToken)
            json.field("expires_in", expiresIn)
            if !asCookie { json.field("refresh_token", refresh.text) }
        }
    }
}

/// Makes what somebody who is signed in gets.
package struct IssueTokens: Sendable {
    let keys: KeyRing
    let refreshKey: RefreshKey
    /// How long a session lives without being used.
    let sessionLife: Duration
    /// How many sessions a user may have; beyond it the longest unused one ends.
    let sessionsMax: Int

    func callAsFunction(
        for user: User, session: SessionID, refresh: RefreshToken, asCookie: Bool
    ) async throws -> SignedIn {
        let (token, expiresIn) = try await keys.sign(user: user.id, session: session)
        return SignedIn(
            user: user, session: session, accessToken: token, expiresIn: expiresIn, refresh: refresh,
            asCookie: asCookie)
    }
}

/// A session before it is in the table.
package struct OpeningSession: Sendable {
    package let id: SessionID
    package let user: UserID
    package let device: DeviceName
    package let address: AddressPrefix
    package let refresh: RefreshToken
    package let life: Duration
    package let sessionsMax: Int

    package init(user: UserID, device: DeviceName, address: AddressPrefix, tokens: IssueTokens) {
        id = .make()
        self.user = user
        self.device = device
        self.address = address
        refresh = RefreshToken(for: id, key: tokens.refreshKey)
        life = tokens.sessionLife
        sessionsMax = tokens.sessionsMax
    }
}
