package import ClientThread
package import Logging
import Synchronization

/// A client of one Redis server: a thread drains the queue and sends all of it as one pipeline, so that concurrent
/// tasks share round trips. It connects again by itself; while there is no connection every call fails at once.
package final class RedisClient: Sendable {
    /// Pipelines that may wait to be sent.
    private static let waitingMax = 8192

    private let inbox: Inbox<RedisRequest>

    package init(_ configuration: RedisConfiguration, logger: Logger) {
        let inbox = Inbox<RedisRequest>(itemsMax: Self.waitingMax)
        self.inbox = inbox
        startThread { RedisLoop(configuration: configuration, inbox: inbox, logger: logger).run() }
    }

    deinit { inbox.close() }

    package func close() { inbox.close() }

    /// Sends one command.
    /// - Throws: ``RedisError``; a Redis error reply is thrown as ``RedisError/refused(_:)``.
    package func send(_ command: RedisCommand, deadline: Deadline) async throws(RedisError) -> RedisValue {
        let reply = try await pipeline([command], deadline: deadline)[0]
        if case .error(let message) = reply { throw .refused(message) }
        return reply
    }

    /// Sends commands in one go and returns the reply to each; error replies are values here.
    package func pipeline(
        _ commands: [RedisCommand], deadline: Deadline
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        let result: Result<[RedisValue], RedisError> = await withCheckedContinuation { continuation in
            let request = RedisRequest(commands: commands, deadline: deadline, continuation: continuation)
            do {
                try inbox.push(request)
            } catch {
                continuation.resume(returning: .failure(.unavailable("\(error)")))
            }
        }
        return try result.get()
    }

    /// Runs a Lua script by its digest, sending its text only where the server does not know it.
    package func run(
        _ script: RedisScript, keys: [String], arguments: [String], deadline: Deadline
    ) async throws(RedisError) -> RedisValue {
        let tail = [String(keys.count)] + keys + arguments
        do {
            return try await send(RedisCommand(["EVALSHA", script.digest] + tail), deadline: deadline)
        } catch {
            guard case .refused(let message) = error, message.hasPrefix("NOSCRIPT") else { throw error }
            return try await send(RedisCommand(["EVAL", script.source] + tail), deadline: deadline)
        }
    }
}

struct RedisRequest: Sendable {
    let commands: [RedisCommand]
    let deadline: Deadline
    let continuation: CheckedContinuation<Result<[RedisValue], RedisError>, Never>

    func fail(_ error: RedisError) { continuation.resume(returning: .failure(error)) }
}

/// The words of one command.
package struct RedisCommand: Sendable, ExpressibleByArrayLiteral {
    let words: [String]

    package init(_ words: [String]) { self.words = words }
    package init(arrayLiteral words: String...) { self.words = words }
}

package enum RedisError: Error, Sendable, CustomStringConvertible {
    /// There is no connection, or it broke: the command may or may not have been carried out.
    case unavailable(String)
    /// Redis answered with an error.
    case refused(String)

    package var description: String {
        switch self {
        case .unavailable(let why): "Redis unavailable: \(why)"
        case .refused(let message): "Redis refused: \(message)"
        }
    }
}

/// A reply (RESP2).
package enum RedisValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case string(String)
    case array([RedisValue])
    case error(String)

    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let text): Int64(text)
        default: nil
        }
    }

    package var string: String? {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        default: nil
        }
    }

    package var array: [RedisValue]? { if case .array(let values) = self { values } else { nil } }
}
