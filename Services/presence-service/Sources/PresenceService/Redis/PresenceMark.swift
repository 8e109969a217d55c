import ChatProtocol

/// How the scripts say what state a user is in: `+` online, `-` offline, `?` unknown, `@<ms>` offline since then.
enum PresenceMark {
    static func presence(of user: UserID, _ mark: String) -> Presence? {
        switch mark {
        case "+": return Presence(user: user, state: .online, lastSeen: nil)
        case "-": return Presence(user: user, state: .offline, lastSeen: nil)
        case "?": return Presence(user: user, state: .unknown, lastSeen: nil)
        default:
            guard mark.hasPrefix("@"), let milliseconds = Int64(mark.dropFirst()), milliseconds >= 0 else { return nil }
            return Presence(user: user, state: .offline, lastSeen: Timestamp(milliseconds: milliseconds))
        }
    }
}
