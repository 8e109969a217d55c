import Foundation

/// The system in a home folder, as `./parley up` left its notes there.
struct RunningSystem {
    let url: String
    let databaseURL: String
    /// Where WebSockets are opened: the gateways' public listeners, or the edge; host and port.
    let gateways: [(host: String, port: Int)]
    /// Process ids by process group: each service, PostgreSQL, Redis, the edge.
    let processes: [String: [Int32]]

    private let run: URL

    init(home: String, throughEdge: Bool) throws {
        run = URL(fileURLWithPath: home).appending(path: "run")
        url = try Self.text("url", in: run)
        let message = try Self.environment("message-service-1", in: run)
        if let path = message["PARLEY_DATABASE_URL_FILE"] {
            databaseURL = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        } else {
            databaseURL = message["PARLEY_DATABASE_URL"] ?? ""
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: run.path)
            .filter { $0.hasSuffix(".pid") }.map { String($0.dropLast(4)) }.sorted()
        var gateways: [(host: String, port: Int)] = []
        var processes: [String: [Int32]] = [:]
        for name in names {
            guard let pid = Int32(try Self.text("\(name).pid", in: run)) else { continue }
            let group = name.split(separator: "-").filter { Int($0) == nil }.joined(separator: "-")
            processes[group, default: []].append(pid)
            guard group == "realtime-gateway", let listen = try Self.environment(name, in: run)["PARLEY_LISTEN"] else {
                continue
            }
            let parts = listen.split(separator: ":")
            if parts.count == 2, let port = Int(parts[1]) { gateways.append((String(parts[0]), port)) }
        }
        guard !gateways.isEmpty else { throw LoadError("no gateway runs in \(home)") }
        if throughEdge, let edge = URL(string: url), let host = edge.host(), let port = edge.port {
            gateways = [(host, port)]
        }
        self.gateways = gateways
        self.processes = processes
    }

    /// The settings that a process was started with.
    func environment(_ process: String) throws -> [String: String] { try Self.environment(process, in: run) }

    private static func environment(_ process: String, in run: URL) throws -> [String: String] {
        let lines = try text("\(process).env", in: run).split(separator: "\n")
        return Dictionary(
            lines.compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }, uniquingKeysWith: { $1 })
    }

    private static func text(_ name: String, in run: URL) throws -> String {
        guard let text = try? String(contentsOf: run.appending(path: name), encoding: .utf8) else {
            throw LoadError("nothing runs in \(run.path): \(name) is missing")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
