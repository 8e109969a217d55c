package import ChatProtocol
package import StrictJSON
import Tokens

/// `POST /api/v1/users/me/delete`
package struct DeleteAccountRequest: Sendable, JSONDecodable {
    package let current: String
    package let messages: MessagesOfDeleted

    package init(json: JSONValue, field: String) throws(JSONError) {
        current = try json.value("current_password")
        messages = try json.value("messages")
    }
}

/// Deletes one's own account, for good: nothing of the person stays here but the hash of the name, which is never
/// given out again. message-service learns of it from ``ReadDeletions`` and does with the messages what was asked.
package struct DeleteAccount: Sendable {
    let confirm: ConfirmPassword
    let deletions: PostgresDeletionStore

    /// - Throws: ``ParleyError``: `forbidden` for a wrong password, `rate_limited` after too many of them, `conflict`
    ///   where the password was changed meanwhile.
    func callAsFunction(
        _ request: DeleteAccountRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws {
        let account = try await confirm.account(of: token.user)
        try await confirm(request.current, of: account, by: token, from: address)
        guard try await deletions.delete(account, messages: request.messages, by: token.session, from: address) else {
            throw ParleyError(.conflict, "the password was changed meanwhile")
        }
    }
}
