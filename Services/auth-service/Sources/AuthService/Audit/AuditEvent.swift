/// What is worth an entry of the audit log (OWASP Logging Cheat Sheet, "Which events to log"). Successful refreshes are
/// not: there are thousands for each of these.
package enum AuditEvent: String, CaseIterable, Sendable {
    case registered
    case signedIn = "signed_in"
    /// A wrong name, password or second factor. Whose account is known only where the name exists.
    case signInFailed = "sign_in_failed"
    /// Attempts were refused unseen; at most one entry a minute for each address.
    case signInThrottled = "sign_in_throttled"
    /// Somebody signed in gave a wrong current password.
    case passwordCheckFailed = "password_check_failed"
    case passwordChanged = "password_changed"
    /// An old refresh token was used, which ended its session.
    case refreshReused = "refresh_reused"
    /// The detail says by whom or why.
    case sessionEnded = "session_ended"
    /// By the session named, which ended with it as all others of the user.
    case accountDeleted = "account_deleted"
    /// A second factor is on from now on; the detail says which.
    case factorAdded = "factor_added"
    case factorRemoved = "factor_removed"
    case recoveryCodesReplaced = "recovery_codes_replaced"
    /// In place of the second factor.
    case recoveryCodeUsed = "recovery_code_used"
    case keyMade = "key_made"
    case keyRetired = "key_retired"
}
