package import ChatProtocol
import Crypto

/// Time-based one-time passwords (RFC 6238) of the kind every authenticator app knows: HMAC-SHA-1, 6 digits, 30 s.
package enum TOTP {
    /// As long as the hash (RFC 4226, section 4, R6).
    package static let secretBytes = 20
    package static let digits = 6
    private static let period: Int64 = 30
    /// Steps before and after the present one whose codes are taken too: clocks differ, and people type (RFC 6238,
    /// section 5.2).
    private static let drift: Int64 = 1

    package static func makeSecret() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<secretBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// The time step of a moment.
    package static func step(at time: Timestamp) -> Int64 { time.milliseconds / (1000 * period) }

    /// The code of a time step (RFC 4226, section 5.3).
    package static func code(_ secret: [UInt8], step: Int64, digits: Int = Self.digits) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Array($0) }
        let mac = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(mac[19] & 0x0F)
        let number = mac[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(number)
        return String((String(repeating: "0", count: 10) + text).suffix(digits))
    }

    /// The step that a code belongs to, if that is near enough and later than the last one accepted (RFC 6238, section
    /// 5.2: no code may be accepted twice). Spaces between the digits are left out.
    package static func step(
        of code: String, secret: [UInt8], at time: Timestamp, after lastStep: Int64
    ) -> Int64? {
        let presented = code.utf8.filter { $0 != UInt8(ascii: " ") }
        guard presented.count == digits else { return nil }
        let now = step(at: time)
        var found: Int64?
        for step in now - drift...now + drift {
            // Compared without a branch on the digits.
            let difference = zip(presented, self.code(secret, step: step).utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            if difference == 0, step > lastStep, found == nil { found = step }
        }
        return found
    }

    /// What an app reads out of a QR code (github.com/google/google-authenticator/wiki/Key-Uri-Format). A username
    /// needs no escape.
    package static func uri(secret: [UInt8], username: String) -> String {
        "otpauth://totp/Parley:\(username)?secret=\(Base32.encode(secret))&issuer=Parley&algorithm=SHA1&digits=6&period=30"
    }
}
