/// What every answer of a service to the world says to browsers: it is data, never a page, for nobody else's page, and not
/// to be kept unless it says so itself (OWASP REST Security Cheat Sheet, "Security Headers").
package enum AnswerHeaders {
    package static let security: [(name: String, value: String)] = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-origin"), ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ]
}
