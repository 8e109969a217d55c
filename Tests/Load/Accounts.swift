import ChatProtocol
import ClientThread
import Foundation
import HTTPClient
import Logging
import StrictJSON

/// A user made for the run.
struct Account: Sendable {
    let user: UserID
    let username: String
    let password: String
    let token: String
}

/// Signs users up and opens chats by REST.
struct Accounts: Sendable {
    private static let concurrency = 16

    let url: String
    private let http = HTTPClient(connectTimeout: .seconds(5), logger: Logger(label: "load"))

    init(url: String) { self.url = url }

    /// Registers so many users.
    func register(_ count: Int) async throws -> [Account] {
        let run = UInt32.random(in: 0 ... .max)
        return try await Self.concurrently(count) { index in
            let (username, password) = ("load-\(run)-\(index)", "a password of load \(run)")
            let answer = try await call(
                "POST", "/api/v1/auth/register", body: Self.credentials(username, password))
            guard let user = answer["user"] else { throw LoadError("no user in the answer") }
            return Account(
                user: try user.value("id"), username: username, password: password,
                token: try answer.value("access_token"))
        }
    }

    /// Signs in by password once more.
    func signIn(_ account: Account) async throws {
        _ = try await call(
            "POST", "/api/v1/auth/login", body: Self.credentials(account.username, account.password))
    }

    private static func credentials(_ username: String, _ password: String) -> [UInt8] {
        JSONWriter.encode(
            Fields { json in
                json.field("username", username)
                json.field("password", password)
            })
    }

    /// Reads a path as the account; what the answer says is not looked at.
    func read(_ path: String, _ account: Account) async throws {
        _ = try await call("GET", path, token: account.token)
    }

    /// Opens the direct chat of each pair.
    func openChats(_ pairs: [(Account, Account)]) async throws -> [ChatHash] {
        try await Self.concurrently(pairs.count) { index in
            let (a, b) = pairs[index]
            return try await call("PUT", "/api/v1/chats/with/\(b.user)", token: a.token).value("chat")
        }
    }

    /// Asks for everything, as a client does after its welcome.
    func sync(_ account: Account) async throws { try await read("/api/v1/sync", account) }

    private func call(
        _ method: String, _ path: String, token: String? = nil, body: [UInt8] = []
    ) async throws -> JSONValue {
        var headers = [(name: "content-type", value: "application/json")]
        if let token { headers.append(("authorization", "Bearer \(token)")) }
        let answer = try await http.send(
            HTTPClientRequest(method: method, url: url + path, headers: headers, body: body),
            deadline: .after(.seconds(30)))
        guard (200..<300).contains(answer.status) else {
            throw LoadError("\(method) \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return try JSONDocument(parsing: answer.body).root
    }

    /// Does all of it, so many at a time.
    static func concurrently<Value: Sendable>(
        _ count: Int, width: Int = concurrency, _ work: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var results: [Int: Value] = [:]
            var next = 0
            func start() {
                guard next < count else { return }
                let index = next
                next += 1
                group.addTask { (index, try await work(index)) }
            }
            for _ in 0..<width { start() }
            for try await (index, value) in group {
                results[index] = value
                start()
            }
            return (0..<count).compactMap { results[$0] }
        }
    }
}

private struct Fields: JSONEncodable {
    let write: (inout JSONWriter) -> Void
    func encode(to json: inout JSONWriter) { json.object(write) }
}
