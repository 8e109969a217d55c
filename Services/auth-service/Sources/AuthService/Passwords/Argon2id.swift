import CArgon2

/// What a hash costs.
package struct Argon2Parameters: Sendable, Equatable {
    package let memoryKiB: UInt32
    package let passes: UInt32
    package let lanes: UInt32

    package init(memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
        self.memoryKiB = memoryKiB
        self.passes = passes
        self.lanes = lanes
    }

    /// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. 17 ms here.
    package static let standard = Argon2Parameters(memoryKiB: 19_456, passes: 2, lanes: 1)
    /// For load tools that register thousands. Keeps nobody's password safe.
    package static let bench = Argon2Parameters(memoryKiB: 1024, passes: 1, lanes: 1)

    /// The parameters of an encoded hash, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
    package init?(of encoded: String) {
        let parts = encoded.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[1] == "argon2id", parts[2] == "v=19" else { return nil }
        let fields = parts[3].split(separator: ",")
        guard fields.count == 3, fields[0].hasPrefix("m="), fields[1].hasPrefix("t="), fields[2].hasPrefix("p="),
            let memory = UInt32(fields[0].dropFirst(2)), let passes = UInt32(fields[1].dropFirst(2)),
            let lanes = UInt32(fields[2].dropFirst(2))
        else { return nil }
        self.init(memoryKiB: memory, passes: passes, lanes: lanes)
    }
}

/// Password hashing by libargon2 (RFC 9106). Blocking and heavy: only ``PasswordHasher``'s threads call it.
package enum Argon2id {
    package struct Failure: Error, CustomStringConvertible {
        let code: CInt
        package var description: String { "libargon2: " + String(cString: argon2_error_message(code)) }
    }

    private static let saltBytes = 16
    private static let hashBytes = 32

    /// - Returns: the encoded hash with its parameters and a fresh random salt.
    package static func hash(_ password: [UInt8], _ parameters: Argon2Parameters) throws(Failure) -> String {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<saltBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
        let length = argon2_encodedlen(
            parameters.passes, parameters.memoryKiB, parameters.lanes, UInt32(saltBytes), UInt32(hashBytes), Argon2_id)
        var encoded = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            parameters.passes, parameters.memoryKiB, parameters.lanes, password, password.count, salt, salt.count,
            hashBytes, &encoded, length)
        guard code == ARGON2_OK.rawValue else { throw Failure(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the password belongs to the hash; compared in constant time by the library.
    package static func verify(_ password: [UInt8], against encoded: String) throws(Failure) -> Bool {
        let code = argon2id_verify(encoded, password, password.count)
        switch code {
        case ARGON2_OK.rawValue: return true
        case ARGON2_VERIFY_MISMATCH.rawValue: return false
        default: throw Failure(code: code)
        }
    }
}
