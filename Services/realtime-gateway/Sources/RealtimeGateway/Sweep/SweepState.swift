import ChatProtocol

/// What a gateway knows for the sweep: where it stands, and what it handed to its connections. A value without I/O.
struct SweepState {
    /// What has to be told to the connections here after an answer.
    enum Finding {
        case nothing
        /// Everybody must sync: the history is another one, or too much is new.
        case everything
        /// These chats, unless the fast path brings them in a moment.
        case chats([Tip])
    }

    /// The cursor to ask from. It moves only with an answer, so a failed sweep asks again from the same one.
    private(set) var cursor: String?
    /// Names the history; empty before the first answer.
    private(set) var epoch = ""
    private var delivered = DeliveredTips()

    /// Notes that messages were handed to the connections here.
    mutating func handedOn(_ tips: [EventTip]) {
        for tip in tips { delivered.record(tip.chat, tip.seq) }
    }

    /// Takes an answer in.
    /// - Parameter isHere: whether a user has a connection on this gateway.
    mutating func answered(_ answer: TipsAnswer, isHere: (UserID) -> Bool) -> Finding {
        let before = epoch
        (epoch, cursor) = (answer.epoch, answer.next)
        if before != epoch {
            // A restored history may number the same chats again from further down.
            delivered = DeliveredTips()
            if !before.isEmpty { return .everything }
        }
        if answer.overflow { return .everything }
        let late = missing(answer.tips.filter { $0.members.contains(where: isHere) })
        return late.isEmpty ? .nothing : .chats(late)
    }

    /// Those that were not handed on here, as far as is known.
    func missing(_ tips: [Tip]) -> [Tip] { tips.filter { !delivered.reached($0.chat, $0.lastSeq) } }
}
