import Foundation

/// What was asked for on the command line.
struct LoadOptions {
    enum Kind: String {
        case closed, open, chats, idle, connect, churn, storm, signin, history, day, quick
    }

    var home = ProcessInfo.processInfo.environment["PARLEY_HOME"] ?? ".parley"
    var kind = Kind.closed
    var pairs = 50
    var inFlight = 1
    var rate: Int?
    var seconds = 10
    var connections = 1000
    var chats = 10_000
    var messages = 100_000
    var sweeps = 0
    var throughEdge = false
    var jsonPath: String?
    var htmlPath: String?
    var baselinePath: String?

    init(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let word = rest.popFirst() {
            func number() throws -> Int {
                guard let text = rest.popFirst(), let value = Int(text), value > 0 else {
                    throw LoadError("\(word) needs a number")
                }
                return value
            }
            func text() throws -> String {
                guard let text = rest.popFirst() else { throw LoadError("\(word) needs a value") }
                return text
            }
            switch word {
            case "--home": home = try text()
            case "--pairs": pairs = try number()
            case "--in-flight": inFlight = try number()
            case "--rate": rate = try number()
            case "--seconds": seconds = try number()
            case "--connections": connections = try number()
            case "--messages": messages = try number()
            case "--chats": chats = try number()
            case "--sweeps": sweeps = try number()
            case "--edge": throughEdge = true
            case "--json": jsonPath = try text()
            case "--html": htmlPath = try text()
            case "--baseline": baselinePath = try text()
            default:
                guard let kind = Kind(rawValue: word) else { throw LoadError("unknown word \"\(word)\"") }
                self.kind = kind
            }
        }
    }

    /// The same with other numbers.
    func with(_ change: (inout LoadOptions) -> Void) -> LoadOptions {
        var copy = self
        change(&copy)
        return copy
    }
}

struct LoadError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
