import ChatProtocol
import ClientThread
import Logging
import NIOCore
import Postgres

/// Messages over so many chats that hardly two in a row are of the same one: of few people, each of whom has a chat with
/// each other. All of its state lives on one event loop.
final class ManyChats: @unchecked Sendable {
    private struct Chat {
        let hash: ChatHash
        let sender: Int
        var acknowledged = 0
        var delivered: Int64 = 0
    }

    private let loop: any EventLoop
    private var connections: [LoadConnection?]
    private var chats: [Chat] = []
    private var places: [ChatHash: Int] = [:]
    private var isRunning = false
    private var deliveredCount = 0
    private var failureCount = 0
    private var microseconds: [UInt64] = []

    private init(people: Int, loop: any EventLoop) {
        self.loop = loop
        connections = Array(repeating: nil, count: people)
    }

    /// Makes the people and their chats by REST, and connects the people, one after another to each gateway.
    static func connect(_ chats: Int, _ system: RunningSystem, loop: any EventLoop) async throws -> ManyChats {
        var people = 2
        while people * (people - 1) / 2 < chats { people += 1 }
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(people)
        let pairs = (0..<people).flatMap { a in (0..<a).map { (a, $0) } }.prefix(chats)
        let hashes = try await accounts.openChats(pairs.map { (users[$0.0], users[$0.1]) })
        let many = ManyChats(people: people, loop: loop)
        many.chats = zip(hashes, pairs).map { Chat(hash: $0, sender: $1.0) }
        many.places = Dictionary(uniqueKeysWithValues: hashes.enumerated().map { ($1, $0) })
        for (index, user) in users.enumerated() {
            let gateway = system.gateways[index % system.gateways.count]
            _ = try await LoadConnection.open(gateway, account: user, on: loop) { connection in
                connection.onEvent = { many.happened($0) }
                many.connections[index] = connection
            }
        }
        return many
    }

    func start(inFlight: Int) {
        loop.execute {
            self.isRunning = true
            for _ in 0..<inFlight { self.sendNext() }
        }
    }

    func stop() { loop.execute { self.isRunning = false } }

    private func sendNext() {
        guard isRunning, let chat = chats.randomElement() else { return }
        connections[chat.sender]?.send(chat: chat.hash, at: NIODeadline.now().uptimeNanoseconds)
    }

    private func happened(_ event: LoadConnection.Event) {
        switch event {
        case .ack(let chat, _):
            if let place = places[chat] { chats[place].acknowledged += 1 }
        case .message(let chat, let sent, let seq):
            guard let place = places[chat] else { return }
            if seq != chats[place].delivered + 1 { failureCount += 1 }
            chats[place].delivered = seq
            deliveredCount += 1
            let now = NIODeadline.now().uptimeNanoseconds
            microseconds.append((now - min(sent, now)) / 1000)
            sendNext()
        case .failed: if isRunning { failureCount += 1 }
        }
    }

    // MARK: Results

    private func onLoop<Value: Sendable>(_ read: @escaping @Sendable (ManyChats) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: read(self)) }
        }
    }

    /// What so many seconds show; what was before does not count.
    func measure(_ seconds: Int, _ system: RunningSystem) async throws -> MessageLoad.Measured {
        await onLoop { $0.microseconds = [] }
        let measured = try await MessageLoad.Measured.over(seconds, system) { await onLoop { $0.deliveredCount } }
        for value in await onLoop({ $0.microseconds }) { measured.latencies.record(value) }
        return measured
    }

    /// As ``MessageLoad/check(_:_:run:)``.
    func check(_ report: inout Report, _ system: RunningSystem) async throws {
        let failures = await onLoop { $0.failureCount }
        report.add("failures", failures)
        report.check("no failure", failures == 0)
        let chats = await onLoop { $0.chats }
        report.check(
            "every acknowledged message was delivered live",
            chats.allSatisfy { Int64($0.acknowledged) <= $0.delivered } && chats.contains { $0.delivered > 0 })
        let connection = PostgresConnection(
            PostgresConfiguration(
                url: system.databaseURL, applicationName: "parley-load", statementTimeout: .seconds(120)),
            logger: Logger(label: "load"))
        defer { connection.close() }
        let rows = try await connection.query(
            """
            SELECT chat, count(*), count(DISTINCT client_id), max(seq) FROM chat.messages
            WHERE chat = ANY(\(chats.map(\.hash))) GROUP BY chat
            """, deadline: .after(.seconds(120)))
        var stored: [ChatHash: Int64] = [:]
        for row in rows {
            let counts: [Int64] = [try row.get(1), try row.get(2), try row.get(3)]
            stored[try row.get(0)] = counts.allSatisfy { $0 == counts[0] } ? counts[0] : -1
        }
        report.check(
            "every acknowledged message is in PostgreSQL once, dense and in order",
            chats.allSatisfy { chat in stored[chat.hash, default: 0] >= Int64(chat.acknowledged) })
    }
}

extension Scenario {
    static func manyChats(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        let inFlight = options.pairs * options.inFlight
        let many = try await ManyChats.connect(options.chats, system, loop: loops[0])
        many.start(inFlight: inFlight)
        // A little of it before the clock starts, so that plans and connections are warm.
        try await Task.sleep(for: .seconds(2))
        let measured = try await many.measure(options.seconds, system)
        many.stop()
        try await Task.sleep(for: .seconds(2))
        var report = Report(
            title: "\(options.chats) chats: \(inFlight) messages in flight, \(options.seconds) s, "
                + "\(system.gateways.count) gateway(s)")
        report.add(measured)
        try await many.check(&report, system)
        return report
    }
}
