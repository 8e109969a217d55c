import Foundation

/// What was asked for on the command line.
struct LoadOptions {
    enum Kind: String {
        case closed, open, idle, connect, churn, storm
    }

    var home = ProcessInfo.processInfo.environment["PARLEY_HOME"] ?? ".parley"
    var kind = Kind.closed
    var pairs = 50
    var inFlight = 1
    var rate = 1000
    var seconds = 10
    var connections = 1000
    var sweeps = 0
    var jsonPath: String?

    init(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        func number() throws -> Int {
            guard let text = rest.popFirst(), let value = Int(text), value > 0 else {
                throw LoadError("a number is missing")
            }
            return value
        }
        while let word = rest.popFirst() {
            switch word {
            case "--home": home = rest.popFirst() ?? home
            case "--pairs": pairs = try number()
            case "--in-flight": inFlight = try number()
            case "--rate": rate = try number()
            case "--seconds": seconds = try number()
            case "--connections": connections = try number()
            case "--sweeps": sweeps = try number()
            case "--json": jsonPath = rest.popFirst()
            default:
                guard let kind = Kind(rawValue: word) else { throw LoadError("unknown word \"\(word)\"") }
                self.kind = kind
            }
        }
    }
}

struct LoadError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
