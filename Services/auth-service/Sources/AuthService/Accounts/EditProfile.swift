import ChatProtocol
package import StrictJSON

/// `PATCH /api/v1/users/me`
package struct EditProfileRequest: Sendable, JSONDecodable {
    package let displayName: String

    package init(json: JSONValue, field: String) throws(JSONError) {
        displayName = try json.value("display_name")
    }
}

/// Changes what others see of a user.
package struct EditProfile: Sendable {
    let accounts: PostgresAccountStore

    func callAsFunction(_ request: EditProfileRequest, by user: UserID) async throws -> User {
        let name = try DisplayName(checking: request.displayName)
        guard let user = try await accounts.rename(user, to: name) else {
            throw ParleyError(.unauthenticated, "this account is gone")
        }
        return user
    }
}
