import ChatProtocol
import ClientThread
import Logging
import Postgres
import Synchronization

/// Chats filled with history, from which readers take pages, chat lists, syncs and searches.
struct HistoryReads {
    private enum Kind: String, CaseIterable {
        case newest = "newest page of 50"
        case older = "page of 50 at any place"
        case chats = "chat list"
        case sync = "first sync"
        case search = "search for users"
    }

    /// One of the filled chats, with one of its members.
    private struct Filled {
        let account: Account
        let chat: ChatHash
    }

    let options: LoadOptions
    let system: RunningSystem

    private var perChat: Int { max(1, options.messages / options.pairs) }

    func run() async throws -> Report {
        let accounts = Accounts(url: system.url)
        let users = try await accounts.register(options.pairs + 1)
        // The first one is in every chat, as people are in many.
        let couples = users.dropFirst().map { (users[0], $0) }
        let chats = try await accounts.openChats(couples)
        let filled = zip(couples, chats).map { Filled(account: $0.1, chat: $1) }
        let start = ContinuousClock.now
        let stored = try await fill(chats, from: users[0].user)
        let filling = start.duration(to: .now).inSeconds

        let writers = try await options.rate.asyncMap { rate in
            let load = try await MessageLoad.connect(50, system)
            load.start(.open(perSecond: Double(rate)))
            try await Task.sleep(for: .seconds(2))
            return load
        }
        let times = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, Latencies()) })
        let deadline = ContinuousClock.now + .seconds(options.seconds)
        async let written = writers?.measure(options.seconds, system)
        let reading = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<options.inFlight {
                    group.addTask { try await read(filled, busy: users[0], accounts, times, until: deadline) }
                }
                try await group.waitForAll()
            }
        }
        let measured = try await written
        try await reading.value

        var report = Report(
            title: "history: \(stored) messages in PostgreSQL, \(options.pairs) chats of \(perChat) messages, "
                + "\(options.inFlight) reader(s), \(options.rate ?? 0) messages/s beside them")
        report.add("seconds to write the history by SQL", Int(filling))
        for kind in Kind.allCases { if let latencies = times[kind] { report.add(latencies, kind.rawValue) } }
        if let writers, let measured {
            writers.stop()
            try await Task.sleep(for: .seconds(2))
            report.add(measured)
            try await writers.check(&report, system)
        }
        return report
    }

    /// Reads as one client after another would, one request at a time.
    private func read(
        _ filled: [Filled], busy: Account, _ accounts: Accounts, _ times: [Kind: Latencies],
        until deadline: ContinuousClock.Instant
    ) async throws {
        while ContinuousClock.now < deadline {
            for kind in Kind.allCases {
                guard let one = filled.randomElement(), let latencies = times[kind] else { return }
                let page = "/api/v1/chats/\(one.chat)/messages?limit=50"
                let path =
                    switch kind {
                    case .newest: page
                    case .older: page + "&before=\(Int.random(in: 51...max(52, perChat)))"
                    case .chats: "/api/v1/chats?limit=50"
                    case .sync: "/api/v1/sync"
                    case .search: "/api/v1/users?query=load-\(Int.random(in: 10...99))"
                    }
                try await latencies.time { try await accounts.read(path, kind == .chats ? busy : one.account) }
            }
        }
    }

    // MARK: Filling

    /// Writes the history straight into the tables: by the message path it would take hours.
    /// - Returns: how many messages there are in all.
    private func fill(_ chats: [ChatHash], from sender: UserID) async throws -> Int64 {
        _ = try await Accounts.concurrently(chats.count, width: 2) { index in
            try await withDatabase { connection in
                _ = try await connection.group(
                    [insert(into: chats[index], from: sender), raise(chats[index])], deadline: .after(.seconds(600)))
            }
        }
        return try await withDatabase { connection in
            let statistics: [PostgresQuery] = ["ANALYZE chat.messages", "ANALYZE chat.chats", "ANALYZE chat.members"]
            for statement in statistics { _ = try await connection.query(statement, deadline: .after(.seconds(600))) }
            return try await connection.query("SELECT count(*) FROM chat.messages", deadline: .after(.seconds(600)))[0]
                .get(0)
        }
    }

    private func insert(into chat: ChatHash, from sender: UserID) -> PostgresQuery {
        """
        INSERT INTO chat.messages (chat, seq, sender, client_id, body, sent_at, xid)
        SELECT \(chat), seq, \(sender), gen_random_uuid(),
            seq || ' a message of about the length that people write to one another',
            date_trunc('milliseconds', now()) - (\(Int64(perChat)) - seq) * interval '1 minute',
            pg_current_xact_id()::text::bigint
        FROM generate_series(1, \(Int64(perChat))) AS seq
        """
    }

    private func raise(_ chat: ChatHash) -> PostgresQuery {
        """
        UPDATE chat.chats SET last_seq = \(Int64(perChat)), last_message_at = date_trunc('milliseconds', now()),
            changed_xid = pg_current_xact_id()::text::bigint
        WHERE hash = \(chat)
        """
    }

    private func withDatabase<Value>(_ use: (PostgresConnection) async throws -> Value) async throws -> Value {
        let connection = PostgresConnection(
            PostgresConfiguration(
                url: system.databaseURL, applicationName: "parley-load", statementTimeout: .seconds(600)),
            logger: Logger(label: "load"))
        defer { connection.close() }
        return try await use(connection)
    }
}

extension Scenario {
    static func history(_ options: LoadOptions, _ system: RunningSystem) async throws -> Report {
        try await HistoryReads(options: options, system: system).run()
    }
}

extension Optional {
    fileprivate func asyncMap<Value>(_ transform: (Wrapped) async throws -> Value) async throws -> Value? {
        if let self { try await transform(self) } else { nil }
    }
}
