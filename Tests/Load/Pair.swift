import ChatProtocol
import ClientThread
import Logging
import NIOCore
import Postgres

/// How a pair sends.
enum Pace: Sendable {
    /// So many messages under way; a delivery starts the next.
    case closed(inFlight: Int)
    /// By the clock, whatever the system does; latencies count from the intended moment, so that a system that stalls
    /// cannot hide it (no coordinated omission).
    case open(perSecond: Double)

    /// What one of so many pairs does, so that all together keep this pace.
    func share(of pairs: Int) -> Pace {
        switch self {
        case .closed: self
        case .open(let perSecond): .open(perSecond: perSecond / Double(pairs))
        }
    }
}

extension Pace: CustomStringConvertible {
    var description: String {
        switch self {
        case .closed(let inFlight): "\(inFlight) in flight each"
        case .open(let perSecond): "\(Int(perSecond)) messages/s"
        }
    }
}

/// Two users in one chat, the first of whom writes to the second. Both sockets are on one event loop, where all of the
/// state lives.
final class Pair: @unchecked Sendable {
    enum Habits {
        /// Messages and nothing else.
        case plain
        /// As a client of people: typing before a message, a cursor after it, a ping now and then.
        case human
    }

    /// How often a client pings while somebody looks.
    static let pingInterval: TimeAmount = .seconds(4)

    private let chat: ChatHash
    private let loop: any EventLoop
    private let habits: Habits
    private var sender: LoadConnection?
    private var receiver: LoadConnection?
    private var isRunning = false
    private var deliveredCount = 0
    private var acknowledged = 0
    private var failureCount = 0
    private var lastSeq: Int64 = 0
    private var microseconds: [UInt64] = []
    private var repeatsOnDelivery = false

    private init(chat: ChatHash, loop: any EventLoop, habits: Habits) {
        self.chat = chat
        self.loop = loop
        self.habits = habits
    }

    /// Connects the two, to different gateways where there are several.
    static func connect(
        _ accounts: (Account, Account), chat: ChatHash, index: Int, gateways: [(host: String, port: Int)],
        loop: any EventLoop, habits: Habits
    ) async throws -> Pair {
        let pair = Pair(chat: chat, loop: loop, habits: habits)
        _ = try await LoadConnection.open(gateways[index % gateways.count], account: accounts.0, on: loop) {
            connection in
            connection.onEvent = { pair.sent($0) }
            pair.sender = connection
        }
        _ = try await LoadConnection.open(
            gateways[(index + 1) % gateways.count], account: accounts.1, on: loop
        ) { connection in
            connection.onEvent = { pair.received($0) }
            pair.receiver = connection
        }
        return pair
    }

    func start(_ pace: Pace) {
        loop.execute {
            self.isRunning = true
            if self.habits == .human { self.ping() }
            switch pace {
            case .closed(let inFlight):
                self.repeatsOnDelivery = true
                for _ in 0..<inFlight { self.send(at: .now()) }
            case .open(let perSecond):
                let gap = TimeAmount.nanoseconds(Int64(1e9 / perSecond))
                let first = TimeAmount.nanoseconds(Int64.random(in: 0..<gap.nanoseconds))
                self.schedule(at: .now() + first, every: gap)
            }
        }
    }

    private func schedule(at moment: NIODeadline, every gap: TimeAmount) {
        loop.scheduleTask(deadline: moment) {
            guard self.isRunning else { return }
            self.send(at: moment)
            self.schedule(at: moment + gap, every: gap)
        }
    }

    private func send(at moment: NIODeadline) {
        if habits == .human { sender?.typing(chat: chat) }
        sender?.send(chat: chat, at: moment.uptimeNanoseconds)
    }

    private func ping() {
        guard isRunning else { return }
        sender?.ping()
        receiver?.ping()
        loop.scheduleTask(in: Self.pingInterval) { self.ping() }
    }

    private func sent(_ event: LoadConnection.Event) {
        switch event {
        case .ack(_, let seq):
            acknowledged += 1
            lastSeq = max(lastSeq, seq)
        case .failed: if isRunning { failureCount += 1 }
        case .message: break
        }
    }

    private func received(_ event: LoadConnection.Event) {
        switch event {
        case .message(_, let sent, let seq):
            // Anything but the next one is a gap or a repeat of the wire.
            if seq != Int64(deliveredCount) + 1 { failureCount += 1 }
            deliveredCount += 1
            let now = NIODeadline.now().uptimeNanoseconds
            microseconds.append((now - min(sent, now)) / 1000)
            if habits == .human { receiver?.read(chat: chat, upTo: seq) }
            if isRunning, repeatsOnDelivery { send(at: .now()) }
        case .failed: if isRunning { failureCount += 1 }
        case .ack: break
        }
    }

    func stop() { loop.execute { self.isRunning = false } }

    // MARK: Results

    var delivered: Int { get async { await onLoop { $0.deliveredCount } } }
    var failures: Int { get async { await onLoop { $0.failureCount } } }
    /// Acknowledged, and not yet seen by the other.
    var undelivered: Int { get async { await onLoop { max(0, $0.acknowledged - $0.deliveredCount) } } }
    var latencies: [UInt64] { get async { await onLoop { $0.microseconds } } }

    func resetLatencies() async { await onLoop { $0.microseconds = [] } }

    private func onLoop<Value: Sendable>(_ read: @escaping @Sendable (Pair) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: read(self)) }
        }
    }

    /// Whether PostgreSQL holds as many messages as were acknowledged, each id once, numbered without a hole.
    func isStoredOnce(_ databaseURL: String) async throws -> Bool {
        let (acknowledged, lastSeq) = await onLoop { ($0.acknowledged, $0.lastSeq) }
        let connection = PostgresConnection(
            PostgresConfiguration(url: databaseURL, applicationName: "parley-load"), logger: Logger(label: "load"))
        defer { connection.close() }
        let row = try await connection.query(
            """
            SELECT count(*), count(DISTINCT client_id), COALESCE(max(seq), 0) FROM chat.messages WHERE chat = \(chat)
            """, deadline: .after(.seconds(30)))[0]
        let counts: [Int64] = [try row.get(0), try row.get(1), try row.get(2)]
        return counts.allSatisfy { $0 == counts[0] } && counts[0] >= Int64(acknowledged) && counts[0] >= lastSeq
    }
}
