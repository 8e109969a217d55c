package import ChatProtocol
package import StrictJSON
import Tokens

/// The body of every change of second factors: `{current_password}`.
package struct ConfirmedRequest: Sendable, JSONDecodable {
    package let current: String

    package init(json: JSONValue, field: String) throws(JSONError) { current = try json.value("current_password") }
}

/// `POST /api/v1/auth/factors/totp`: a secret for an authenticator app. Changes nothing until ``ConfirmTOTP``.
package struct OfferTOTP: Sendable {
    let confirm: ConfirmPassword
    let factors: PostgresFactorStore

    /// - Throws: ``ParleyError``: `forbidden` for a wrong password, `rate_limited`, `conflict` where an app is in use.
    func callAsFunction(
        _ request: ConfirmedRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws -> OfferedTOTP {
        let account = try await confirm.account(of: token.user)
        try await confirm(request.current, of: account, by: token, from: address)
        let secret = TOTP.makeSecret()
        guard try await factors.offer(secret, to: token.user) else {
            throw ParleyError(.conflict, "an authenticator app is in use; remove it first")
        }
        return OfferedTOTP(secret: secret, username: account.user.username)
    }
}

package struct OfferedTOTP: Sendable, JSONEncodable {
    package let secret: [UInt8]
    package let username: String

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("secret", Base32.encode(secret))
            json.field("uri", TOTP.uri(secret: secret, username: username))
        }
    }
}

/// `POST /api/v1/auth/factors/totp/confirm`
package struct ConfirmTOTPRequest: Sendable, JSONDecodable {
    package let code: String

    package init(json: JSONValue, field: String) throws(JSONError) { code = try json.value("code") }
}

/// Puts the offered secret to use, once a code has shown that the app has it: from now on a sign-in needs one.
package struct ConfirmTOTP: Sendable {
    let factors: PostgresFactorStore
    let throttle: SignInThrottle

    /// - Throws: ``ParleyError``: `forbidden` for a wrong code, `rate_limited`, `conflict` where no secret is offered.
    func callAsFunction(
        _ request: ConfirmTOTPRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws -> RecoveryCodes {
        guard let app = try await factors.app(of: token.user, confirmed: false), let secret = app.secret else {
            throw Self.nothingOffered
        }
        let admission = try await throttle.admitCode(of: token.user)
        guard let step = TOTP.step(of: request.code, secret: secret, at: .now, after: app.lastStep) else {
            throw ParleyError(.forbidden, "this code is wrong")
        }
        await throttle.clear(admission)
        let codes = RecoveryCodes()
        let entry = AuditEntry(
            .factorAdded, user: token.user, session: token.session, from: address, detail: "authenticator app")
        guard try await factors.confirm(app, step: step, codes: codes.codes, of: token.user, entry) else {
            throw Self.nothingOffered
        }
        return codes
    }

    private static let nothingOffered = ParleyError(.conflict, "there is no authenticator app to confirm")
}

/// `POST /api/v1/auth/factors/totp/remove`: from now on no code is asked for. Nothing to remove is as good.
package struct RemoveTOTP: Sendable {
    let confirm: ConfirmPassword
    let factors: PostgresFactorStore

    func callAsFunction(
        _ request: ConfirmedRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws {
        try await confirm(request.current, of: confirm.account(of: token.user), by: token, from: address)
        try await factors.removeApp(
            of: token.user,
            AuditEntry(
                .factorRemoved, user: token.user, session: token.session, from: address, detail: "authenticator app"))
    }
}

/// `POST /api/v1/auth/factors/recovery-codes`: ten new codes, and the old ones are worth nothing.
package struct ReplaceRecoveryCodes: Sendable {
    let confirm: ConfirmPassword
    let factors: PostgresFactorStore

    /// - Throws: ``ParleyError``: as others, and `conflict` where there is no factor that they could stand in for.
    func callAsFunction(
        _ request: ConfirmedRequest, by token: AccessToken, from address: AddressPrefix
    ) async throws -> RecoveryCodes {
        try await confirm(request.current, of: confirm.account(of: token.user), by: token, from: address)
        guard try await !factors.methods(of: token.user).isEmpty else {
            throw ParleyError(.conflict, "there is no second factor yet")
        }
        let codes = RecoveryCodes()
        try await factors.replaceCodes(
            codes.codes, of: token.user,
            AuditEntry(.recoveryCodesReplaced, user: token.user, session: token.session, from: address))
        return codes
    }
}

package struct RecoveryCodes: Sendable, JSONEncodable {
    package let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode() }

    package func encode(to json: inout JSONWriter) {
        json.object { $0.field("recovery_codes", codes.map(\.text)) }
    }
}

/// `GET /api/v1/auth/factors`
package struct ListFactors: Sendable {
    let factors: PostgresFactorStore
    let passkeys: PostgresPasskeyStore

    func callAsFunction(of user: UserID) async throws -> FactorList {
        let (since, codes) = try await factors.summary(of: user)
        return FactorList(totpSince: since, recoveryCodesLeft: codes, passkeys: try await passkeys.list(of: user))
    }
}

package struct FactorList: Sendable, JSONEncodable {
    package let totpSince: Timestamp?
    package let recoveryCodesLeft: Int64
    package let passkeys: [Passkey]

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.key("totp")
            json.object { json in
                json.field("enabled", totpSince != nil)
                json.field("since", ifPresent: totpSince)
            }
            json.field("recovery_codes_left", recoveryCodesLeft)
            json.field("passkeys", passkeys)
        }
    }
}
