package import ChatProtocol
package import StrictJSON
package import WebAuthn

/// A passkey of a user.
package struct Passkey: Sendable, JSONEncodable {
    package enum Entity {}
    package typealias ID = Identifier<Entity>
    /// How many a user may have.
    package static let countMax = 20
    package static let nameBytesMax = 64

    package let id: ID
    package let user: UserID
    package let credentialID: [UInt8]
    package let publicKey: PasskeyPublicKey
    package let signCount: UInt32
    package let name: String
    package let createdAt: Timestamp
    package let lastUsedAt: Timestamp?

    package func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("id", id)
            json.field("name", name)
            json.field("created_at", createdAt)
            json.field("last_used_at", ifPresent: lastUsedAt)
        }
    }

    /// - Throws: ``ParleyError`` `bad_request`.
    package static func checkedName(_ text: String) throws(ParleyError) -> String {
        guard (1...nameBytesMax).contains(text.utf8.count), text.contains(where: { !$0.isWhitespace }),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw ParleyError(
                .badRequest, "field \"name\" must be 1 to 64 bytes, not blank, without control characters")
        }
        return text
    }
}
