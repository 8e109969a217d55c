import Crypto

/// A Lua script and the SHA-1 that Redis knows it by (a name, not a protection).
package struct RedisScript: Sendable {
    package let source: String
    let digest: String

    package init(_ source: String) {
        self.source = source
        let alphabet = Array("0123456789abcdef".utf8)
        let hash = Insecure.SHA1.hash(data: Array(source.utf8))
        let digits = hash.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }
        digest = String(decoding: digits, as: UTF8.self)
    }
}
