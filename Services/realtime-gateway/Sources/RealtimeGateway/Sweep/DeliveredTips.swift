import ChatProtocol

/// The last `seq` of each chat that was handed to connections here. Bounded: when it is full the half that was
/// touched least recently is forgotten, which costs a needless `resync` at most.
struct DeliveredTips {
    private let chatsMax: Int
    private var recent: [ChatHash: Int64] = [:]
    private var older: [ChatHash: Int64] = [:]

    init(chatsMax: Int = 200_000) { self.chatsMax = chatsMax }

    mutating func record(_ chat: ChatHash, _ seq: Int64) {
        let known = recent[chat] ?? older[chat] ?? 0
        recent[chat] = max(known, seq)
        guard recent.count >= chatsMax / 2 else { return }
        older = recent
        recent = [:]
    }

    /// Whether everything up to `seq` was handed on here, as far as is known.
    func reached(_ chat: ChatHash, _ seq: Int64) -> Bool { (recent[chat] ?? older[chat] ?? 0) >= seq }
}
