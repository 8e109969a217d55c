import ChatProtocol
import ClientThread
import Redis

/// What came of one step of a batch.
struct AppliedStep {
    /// Whether it was the batch's turn.
    let accepted: Bool
    /// The number of the last batch that is applied now.
    let applied: Int64
    /// The users who have counted as offline and are online from now on.
    let cameOnline: [UserID]
}

enum ClearedConnections: Int64 {
    case overtaken = -1
    case more = 0
    case done = 1
}

extension RedisPresenceStore {
    /// Bytes of a device's name that are kept.
    private static let deviceBytesMax = 32

    /// - Parameter reset: the name of the reset this is a step of; nil for the next batch in turn.
    func apply(
        _ step: ConnectionStep, of instance: InstanceID, number: Int64, reset: String?, deadline: Deadline
    ) async throws(ParleyError) -> AppliedStep {
        var arguments = [
            instance.description, String(number), reset ?? "", step.isLast ? "1" : "0", String(step.opened.count),
        ]
        for opened in step.opened {
            arguments.append(opened.connection.description)
            arguments.append(opened.user.description)
            arguments.append("\(opened.session) \(opened.device.shortened(toBytes: Self.deviceBytesMax))")
        }
        for connection in step.closed { arguments.append(connection.description) }
        let reply = try await run(PresenceScripts.applyConnections, arguments, deadline: deadline)
        guard let words = reply.array, words.count >= 2, let accepted = words[0].integer, let applied = words[1].integer
        else { throw unreadable("applyConnections") }
        return AppliedStep(
            accepted: accepted == 1, applied: applied, cameOnline: try users(words.dropFirst(2), in: "applyConnections")
        )
    }

    /// Forgets some connections of a gateway for a reset.
    func clear(
        _ instance: InstanceID, reset: String, isFirst: Bool, deadline: Deadline
    ) async throws(ParleyError) -> ClearedConnections {
        let reply = try await run(
            PresenceScripts.clearConnections, [instance.description, reset, isFirst ? "1" : "0"], deadline: deadline)
        guard let outcome = reply.integer.flatMap({ ClearedConnections(rawValue: $0) }) else {
            throw unreadable("clearConnections")
        }
        return outcome
    }

    /// The users who are connected to gateways that live, in one round trip.
    func routes(of users: [UserID], deadline: Deadline) async throws(ParleyError) -> [RoutesAnswer.Route] {
        let replies = try await pipeline(
            [
                ["TIME"], ["ZRANGE", keys.leases, "0", "-1", "WITHSCORES"],
                RedisCommand(["MGET"] + users.map { keys.user($0) }),
            ],
            deadline: deadline)
        guard let time = replies[0].array, time.count == 2, let seconds = time[0].integer,
            let microseconds = time[1].integer, let leases = replies[1].array, let values = replies[2].array,
            values.count == users.count
        else { throw unreadable("routes") }
        let gateways = LiveGateways(leases: Self.leases(leases), now: seconds * 1000 + microseconds / 1000)
        var routes: [RoutesAnswer.Route] = []
        for (user, value) in zip(users, values) {
            guard let value = value.string else { continue }
            let instances = gateways.named(in: value)
            if !instances.isEmpty { routes.append(.init(user: user, instances: instances)) }
        }
        return routes
    }

    private static func leases(_ words: [RedisValue]) -> [(instance: InstanceID, until: Int64)] {
        stride(from: 0, to: words.count - 1, by: 2).compactMap { index in
            guard let instance = words[index].string.flatMap({ InstanceID($0) }), let until = words[index + 1].integer
            else { return nil }
            return (instance, until)
        }
    }

    func users(_ words: some Sequence<RedisValue>, in script: String) throws(ParleyError) -> [UserID] {
        var users: [UserID] = []
        for word in words {
            guard let user = word.string.flatMap({ UserID($0) }) else { throw unreadable(script) }
            users.append(user)
        }
        return users
    }
}
