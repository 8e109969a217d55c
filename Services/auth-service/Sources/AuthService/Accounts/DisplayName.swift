package import ChatProtocol

/// How a user is shown to others: 1 to 64 characters of any script and at most 256 bytes, white space at the ends
/// removed, without control characters and without the bidirectional overrides that make a name read as another
/// (Unicode Technical Report 36, section 2.4).
package struct DisplayName: Sendable, Hashable, CustomStringConvertible {
    package static let charactersMax = 64
    package static let bytesMax = 256

    package let description: String

    package init?(_ text: String) {
        let scalars = text.unicodeScalars
        let trimmed = scalars.drop { $0.properties.isWhitespace }.reversed()
            .drop { $0.properties.isWhitespace }.reversed()
        var name = String.UnicodeScalarView()
        name.append(contentsOf: trimmed)
        guard !name.isEmpty, name.count <= Self.charactersMax, !name.contains(where: Self.isForbidden) else {
            return nil
        }
        description = String(name)
        guard description.utf8.count <= Self.bytesMax else { return nil }
    }

    /// - Throws: ``ParleyError`` `bad_request` that states the rules.
    package init(checking text: String) throws(ParleyError) {
        guard let name = DisplayName(text) else {
            throw ParleyError(
                .badRequest, "field \"display_name\" must be 1 to 64 characters, not blank, without control characters")
        }
        self = name
    }

    /// The name of somebody who chose none.
    package init(_ username: Username) { description = username.description }

    /// What a search compares: the name in lower case.
    package var key: String { Self.key(of: description) }

    package static func key(of text: String) -> String { text.lowercased() }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }
}
