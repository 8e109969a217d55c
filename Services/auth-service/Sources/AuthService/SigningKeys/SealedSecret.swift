import Crypto
import FoundationEssentials

/// A secret at rest: AES-256-GCM (NIST SP 800-38D) with a random nonce in front, bound to what it belongs to.
package enum SealedSecret {
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - context: must be the same when it is opened.
    package static func seal(_ secret: [UInt8], key: [UInt8], context: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(secret, using: SymmetricKey(data: key), authenticating: Array(context.utf8))
        // `combined` is nil only for nonces of another length than the standard 12 bytes.
        return Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
    }

    /// Nil where the key, the context or a byte is another one.
    package static func open(_ sealed: [UInt8], key: [UInt8], context: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let secret = try? AES.GCM.open(
                box, using: SymmetricKey(data: key), authenticating: Array(context.utf8))
        else { return nil }
        return Array(secret)
    }
}
