import FoundationEssentials

/// The values of a service's settings, checked when they are read.
package struct Configuration: Sendable {
    private let values: [String: String]

    /// - Throws: ``ConfigurationError`` where a `_FILE` cannot be read or both forms of a key are given.
    package init(environment: [String: String], settings: [Setting]) throws(ConfigurationError) {
        var values: [String: String] = [:]
        for setting in settings {
            if let path = environment[setting.key + "_FILE"] {
                guard environment[setting.key] == nil else {
                    throw ConfigurationError("\(setting.key) and \(setting.key)_FILE are both set")
                }
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw ConfigurationError("\(setting.key)_FILE: cannot read \(path)")
                }
                let text = String(decoding: data, as: UTF8.self)
                values[setting.key] = text.hasSuffix("\n") ? String(text.dropLast()) : text
            } else {
                values[setting.key] = environment[setting.key] ?? setting.defaultValue
            }
        }
        self.values = values
    }

    package func text(_ setting: Setting) throws(ConfigurationError) -> String {
        guard let value = values[setting.key] else { throw ConfigurationError("\(setting.key) is not set") }
        return value
    }

    package func integer(_ setting: Setting, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let value = Int(try text(setting)), range.contains(value) else {
            throw ConfigurationError("\(setting.key) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of a closed set of words.
    package func word<Word: RawRepresentable<String> & CaseIterable>(
        _ setting: Setting, as type: Word.Type = Word.self
    ) throws(ConfigurationError) -> Word {
        guard let word = Word(rawValue: try text(setting)) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError("\(setting.key) must be one of: \(words)")
        }
        return word
    }

    package func list(_ setting: Setting) throws(ConfigurationError) -> [String] {
        try text(setting).split(separator: ",").map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
    }

    /// `host:port`, the host in brackets if it is an IPv6 address.
    package func address(_ setting: Setting) throws(ConfigurationError) -> (host: String, port: Int) {
        let text = try text(setting)
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port), colon > text.startIndex
        else { throw ConfigurationError("\(setting.key) must be host:port") }
        let host = text[..<colon]
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return (String(bracketed ? host.dropFirst().dropLast() : host), port)
    }
}

package enum Switch: String, CaseIterable, Sendable {
    case on, off
}

package enum EnvironmentKind: String, CaseIterable, Sendable {
    case production, development
}

package enum LimitsProfile: String, CaseIterable, Sendable {
    case standard, bench
}

extension Substring {
    func trimmingSpaces() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
