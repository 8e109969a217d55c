import ChatProtocol
import ServiceKit
package import StrictJSON

/// Finds users by the beginning of a name, or by id.
package struct FindUsers: Sendable {
    private static let queryCharacters = 2...64

    let accounts: PostgresAccountStore
    /// Searches by the user who asks, so that nobody reads out the whole directory at once.
    let limiter: RateLimiter<UserID>

    /// `GET /api/v1/users/me`
    func one(_ id: UserID) async throws -> User {
        guard let user = try await accounts.users(ids: [id]).first else {
            throw ParleyError(.unauthenticated, "this account is gone")
        }
        return user
    }

    /// `GET /api/v1/users?query=`: at most 20 whose username, or display name in any case, begins with the query.
    func matching(_ query: String, for asker: UserID) async throws -> UserPage {
        let scalars = query.unicodeScalars
        guard Self.queryCharacters.contains(scalars.count),
            scalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw ParleyError(.badRequest, "query must be 2 to 64 characters") }
        if let wait = limiter.take(asker) {
            throw ParleyError(.rateLimited, "too many searches", retryAfter: wait)
        }
        return UserPage(
            users: try await accounts.users(prefix: DisplayName.key(of: query), limit: Limits.userSearchMax),
            isSearch: true)
    }

    /// `GET /api/v1/users?ids=`: those of at most 100 that exist.
    func withIDs(_ list: String) async throws -> UserPage {
        var ids: [UserID] = []
        for text in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let id = UserID(text), ids.count < Limits.userIDsMax else {
                throw ParleyError(.badRequest, "ids must be at most 100 lower-case UUIDs, comma separated")
            }
            ids.append(id)
        }
        return UserPage(users: try await accounts.users(ids: ids), isSearch: false)
    }
}

package struct UserPage: Sendable, JSONEncodable {
    package let users: [User]
    let isSearch: Bool

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("users", users)
            // A search has no further pages: the next letter narrows it.
            if isSearch { json.field("next", orNull: String?.none) }
        }
    }
}
