import ChatProtocol

/// The users whose state changed and is yet to be told: each once, up to a limit. What is beyond it is forgotten,
/// which is harmless: gateways watch again now and then.
struct ChangedUsers {
    static let usersMax = 100_000

    private var users: Set<UserID> = []

    /// - Returns: how many found no room.
    mutating func add(_ more: some Collection<UserID>) -> Int {
        var forgotten = 0
        for user in more {
            if users.count < Self.usersMax || users.contains(user) {
                users.insert(user)
            } else {
                forgotten += 1
            }
        }
        return forgotten
    }

    /// Takes some out.
    mutating func take(atMost count: Int) -> [UserID] {
        let taken = Array(users.prefix(count))
        users.subtract(taken)
        return taken
    }
}
