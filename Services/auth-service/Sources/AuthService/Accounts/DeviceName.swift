package import ChatProtocol

/// What a session is called in the list of sessions: at most 64 bytes, chosen by the client, without control
/// characters.
package struct DeviceName: Sendable, Hashable, CustomStringConvertible {
    package static let bytesMax = 64
    package static let unnamed = "unknown"

    package let description: String

    /// - Throws: ``ParleyError`` `bad_request`.
    package init(checking text: String?) throws(ParleyError) {
        let text = text ?? ""
        guard text.utf8.count <= Self.bytesMax,
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw ParleyError(.badRequest, "field \"device\" must be at most 64 bytes without control characters") }
        description = text.isEmpty ? Self.unnamed : text
    }

    /// One that was checked before.
    init(stored text: String) { description = text }
}
