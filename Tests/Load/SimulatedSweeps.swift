import ChatProtocol
import ClientThread
import Foundation
import HTTPClient
import Logging
import StrictJSON
import Tokens

/// Gateways that do nothing but sweep: each asks message-service every 2 s for the chats that changed since it last
/// asked, as `Sweep` of realtime-gateway does.
struct SimulatedSweeps: Sendable {
    private static let caller = "realtime-gateway"
    private static let interval: Duration = .seconds(2)

    private let url: String
    private let tokens: ServiceTokenIssuer
    private let http = HTTPClient(connectTimeout: .seconds(5), logger: Logger(label: "load"))

    init(_ system: RunningSystem) throws {
        let environment = try system.environment("message-service-1")
        guard let listener = environment["PARLEY_INTERNAL_LISTEN"],
            let file = environment["PARLEY_DEPLOYMENT_SECRET_FILE"],
            let secret = DeploymentSecret(
                Array(
                    try String(contentsOfFile: file, encoding: .utf8)
                        .trimmingCharacters(in: .whitespacesAndNewlines).utf8))
        else { throw LoadError("message-service-1 has no internal listener or no deployment secret") }
        url = "http://\(listener)"
        tokens = ServiceTokenIssuer(caller: Self.caller, secret: secret)
    }

    /// What the sweeps came to.
    struct Swept {
        var requests = 0
        /// Chats in the answers.
        var chats = 0
        var failures = 0
    }

    /// Sweeps as so many gateways until the task is cancelled.
    func run(_ gateways: Int) async -> Swept {
        await withTaskGroup(of: Swept.self) { group in
            for gateway in 0..<gateways {
                group.addTask { await sweep(after: Self.interval * gateway / gateways) }
            }
            return await group.reduce(into: Swept()) { sum, one in
                sum.requests += one.requests
                sum.chats += one.chats
                sum.failures += one.failures
            }
        }
    }

    /// A failed sweep is repeated from the same cursor.
    private func sweep(after delay: Duration) async -> Swept {
        var cursor: String?
        var swept = Swept()
        // Cancelled means done: the loop's condition sees it.
        try? await Task.sleep(for: delay)
        while !Task.isCancelled {
            swept.requests += 1
            do {
                let answer = try await tips(since: cursor)
                cursor = answer.next
                swept.chats += answer.tips.count
            } catch {
                swept.failures += 1
            }
            try? await Task.sleep(for: Self.interval)
        }
        return swept
    }

    private func tips(since cursor: String?) async throws -> TipsAnswer {
        let answer = try await http.send(
            HTTPClientRequest(
                method: "POST", url: url + TipsRequest.path,
                headers: [
                    ("content-type", "application/json"),
                    ("authorization", "Bearer \(try await tokens.token(for: "message-service"))"),
                ], body: JSONWriter.encode(TipsRequest(cursor: cursor))),
            deadline: .after(.seconds(5)))
        guard answer.status == 200 else {
            throw LoadError("sweep: \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return try TipsAnswer(parsing: answer.body)
    }
}
