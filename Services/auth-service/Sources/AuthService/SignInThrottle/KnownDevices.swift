import Crypto
import HTTPTypes
import Hummingbird
package import Tokens

/// Remembers on the device itself that somebody has signed in there, so that strangers' failures do not slow its owner
/// down (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It opens nothing: without the password it is
/// worth ten guesses of one account, as any address is.
package struct KnownDevices: Sendable {
    package static let cookie = "parley_device"
    private static let life = 365 * 86_400
    private static let numberBytes = 16
    private static let tagBytes = 16

    private let key: SymmetricKey

    package init(_ secret: DeploymentSecret) {
        key = SymmetricKey(data: secret.derive("parley auth known devices"))
    }

    /// Gives the device of an answer a mark of this account, or the one that it has shown again.
    func mark(_ username: String, shown: String?, in response: inout Response) {
        let mark = shown.flatMap { isMark($0, of: username) ? $0 : nil } ?? make(for: username)
        response.headers.append(
            HTTPField(
                name: .setCookie,
                value:
                    "\(Self.cookie)=\(mark); Max-Age=\(Self.life); Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict"
            ))
    }

    /// What the request shows.
    static func shown(by request: Request) -> String? { request.cookies[cookie]?.value }

    package func make(for username: String) -> String {
        var random = SystemRandomNumberGenerator()
        let number = (0..<Self.numberBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        return Base64URL.encode(number + tag(of: number, username))
    }

    /// Where an attempt comes from that shows this mark.
    func origin(_ mark: String?, of username: String?) -> SignInThrottle.Origin {
        guard let mark, let username, isMark(mark, of: username) else { return .stranger }
        return .device(mark)
    }

    /// Whether the mark was made here, for this account.
    package func isMark(_ text: String, of username: String) -> Bool {
        guard text.utf8.count < 64, let bytes = Base64URL.decode(text),
            bytes.count == Self.numberBytes + Self.tagBytes
        else { return false }
        let right = tag(of: Array(bytes.prefix(Self.numberBytes)), username)
        return zip(bytes.suffix(Self.tagBytes), right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func tag(of number: [UInt8], _ username: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: number + Array(username.utf8), using: key).prefix(Self.tagBytes))
    }
}
