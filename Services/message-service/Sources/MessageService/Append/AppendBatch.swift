import ChatProtocol

/// What one group commit writes: the entries that are left once copies of the same id are reduced to one.
struct AppendBatch: Sendable {
    /// Rows of one commit.
    static let rowsMax = 512
    /// Bytes of bodies of one commit.
    static let bytesMax = 1 << 20

    /// The entries to write, in arrival order, each (chat, sender, id) once.
    private(set) var entries: [AppendRequest.Entry] = []
    /// For each entry that came, which of `entries` answers for it; nil where it has the id of an earlier one and
    /// another body.
    private var answeredBy: [Int?] = []
    private var known: [Key: Int] = [:]

    private struct Key: Hashable {
        let chat: ChatHash
        let sender: UserID
        let id: MessageID
    }

    init(_ entries: some Sequence<AppendRequest.Entry>) {
        for entry in entries {
            let key = Key(chat: entry.chat, sender: entry.from, id: entry.id)
            if let first = known[key] {
                answeredBy.append(self.entries[first].body == entry.body ? first : nil)
            } else {
                known[key] = self.entries.count
                answeredBy.append(self.entries.count)
                self.entries.append(entry)
            }
        }
    }

    /// The outcome of every entry that came, from those of the entries that were written.
    func spread(_ outcomes: [AppendOutcome]) -> [AppendOutcome] {
        answeredBy.map { index in index.map { outcomes[$0] } ?? .refused(.conflict) }
    }
}
