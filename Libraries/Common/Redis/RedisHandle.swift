import CHiredis

#if canImport(Glibc)
    import Glibc
#endif

/// Owns one `redisContext`; blocking, with a time limit on connecting and on every read and write. Confined to a thread.
final class RedisHandle {
    /// Within which a connection must stand.
    private static let connectTimeout: Duration = .milliseconds(500)
    /// Steps of the time limit of an exchange, so that it is set anew only when it really changes.
    private static let patienceStep: Duration = .milliseconds(50)

    private let context: UnsafeMutablePointer<redisContext>
    private var patience: Duration = .zero

    init(_ configuration: RedisConfiguration) throws(RedisError) {
        guard
            let opened = redisConnectWithTimeout(
                configuration.host, configuration.port, Self.timeval(Self.connectTimeout))
        else { throw .unavailable("out of memory") }
        context = opened
        guard context.pointee.err == 0 else { throw .unavailable(lastError) }
        setPatience(Self.connectTimeout)
        redisEnableKeepAlive(context)
        if let password = configuration.password {
            try demand(["AUTH"] + (configuration.user.map { [$0] } ?? []) + [password])
        }
        if let database = configuration.database { try demand(["SELECT", String(database)]) }
        // A server that takes connections and does not answer, or is still loading its data, is not there yet.
        try demand(["PING"])
    }

    deinit { redisFree(context) }

    /// Sets how long a read or write may wait for Redis, to the next longer step.
    func setPatience(_ duration: Duration) {
        let steps = max(1, (duration / Self.patienceStep).rounded(.up))
        let wanted = Self.patienceStep * steps
        guard wanted != patience else { return }
        patience = wanted
        redisSetTimeout(context, Self.timeval(wanted))
    }

    private static func timeval(_ duration: Duration) -> Glibc.timeval {
        let (seconds, attoseconds) = duration.components
        return Glibc.timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }

    /// Sends all commands at once and reads all replies.
    func exchange(_ commands: [RedisCommand]) throws(RedisError) -> [RedisValue] {
        for command in commands { try append(command) }
        var replies: [RedisValue] = []
        replies.reserveCapacity(commands.count)
        for _ in commands { replies.append(try nextReply()) }
        return replies
    }

    private func demand(_ words: [String]) throws(RedisError) {
        if case .error(let message) = try exchange([RedisCommand(words)])[0] { throw .unavailable(message) }
    }

    private func append(_ command: RedisCommand) throws(RedisError) {
        var bytes: [CChar] = []
        var lengths: [Int] = []
        for word in command.words {
            lengths.append(word.utf8.count)
            bytes.append(contentsOf: word.utf8.map { CChar(bitPattern: $0) })
        }
        let status = bytes.withUnsafeBufferPointer { buffer in
            // An empty word still needs an address.
            let base = buffer.baseAddress ?? UnsafePointer(bitPattern: 1)
            var start = 0
            var words: [UnsafePointer<CChar>?] = lengths.map { length in
                defer { start += length }
                return base?.advanced(by: start)
            }
            return redisAppendCommandArgv(context, Int32(words.count), &words, &lengths)
        }
        guard status == REDIS_OK else { throw .unavailable(lastError) }
    }

    private func nextReply() throws(RedisError) -> RedisValue {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw .unavailable(lastError) }
        defer { freeReplyObject(raw) }
        return RedisValue(raw.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private var lastError: String {
        withUnsafeBytes(of: context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension RedisValue {
    fileprivate init(_ reply: redisReply) {
        func text() -> String {
            String(decoding: UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)), as: UTF8.self)
        }
        switch reply.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .string(text())
        case REDIS_REPLY_ERROR: self = .error(text())
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_ARRAY:
            self = .array(
                (0..<Int(reply.elements)).map { index in
                    reply.element[index].map { RedisValue($0.pointee) } ?? .null
                })
        default: self = .null
        }
    }
}
