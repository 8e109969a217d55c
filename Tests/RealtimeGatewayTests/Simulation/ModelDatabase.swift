import ChatProtocol

/// What PostgreSQL and message-service promise, as a value in virtual time: an append holds its chat from the moment
/// it has a transaction id until it is committed, and snapshots name what was under way.
final class ModelDatabase {
    struct Row {
        let xid: Int64
        let chat: ChatHash
        let seq: Int64
    }

    struct Snapshot {
        let xmax: Int64
        let inProgress: Set<Int64>

        func sees(_ xid: Int64) -> Bool { xid < xmax && !inProgress.contains(xid) }
    }

    private(set) var epoch = 1
    private var rows: [Row] = []
    private var running: Set<Int64> = []
    private var nextXid: Int64 = 100
    private var waiting: [ChatHash: [() -> Void]] = [:]
    private var snapshots: [Snapshot] = []
    private let time: VirtualTime
    private let members: [ChatHash: [UserID]]
    private let ignoresRunning: Bool

    init(time: VirtualTime, members: [ChatHash: [UserID]], ignoresRunning: Bool) {
        self.time = time
        self.members = members
        self.ignoresRunning = ignoresRunning
    }

    func lastSeq(_ chat: ChatHash) -> Int64 { Int64(rows.count { $0.chat == chat }) }

    /// - Parameters:
    ///   - duration: from the transaction's begin to its commit.
    ///   - committed: told the message's `seq` at the moment of the commit.
    func append(to chat: ChatHash, duration: Int, committed: @escaping (Int64) -> Void) {
        guard waiting[chat] == nil else {
            return waiting[chat, default: []].append { self.begin(chat, duration, committed) }
        }
        waiting[chat] = []
        begin(chat, duration, committed)
    }

    private func begin(_ chat: ChatHash, _ duration: Int, _ committed: @escaping (Int64) -> Void) {
        let xid = nextXid
        let begunIn = epoch
        nextXid += 1
        running.insert(xid)
        time.after(duration) { [self] in
            guard begunIn == epoch else { return }
            running.remove(xid)
            let row = Row(xid: xid, chat: chat, seq: lastSeq(chat) + 1)
            rows.append(row)
            committed(row.seq)
            if waiting[chat]?.isEmpty == false { waiting[chat]?.removeFirst()() } else { waiting[chat] = nil }
        }
    }

    /// Which chats have messages that the cursor's snapshot did not see, and the cursor of this very moment. An unknown
    /// cursor gets everything for a sync, and nothing for a sweep's first call.
    func tips(since cursor: String?, firstGetsAll: Bool) -> (tips: [Tip], next: String, epoch: String) {
        let since = cursor.flatMap { read($0) }
        var new = since == nil && !firstGetsAll ? [] : rows
        if let since { new = new.filter { ignoresRunning ? $0.xid >= since.xmax : !since.sees($0.xid) } }
        snapshots.append(Snapshot(xmax: nextXid, inProgress: running))
        let tips = Set(new.map(\.chat)).sorted().map { Tip(chat: $0, lastSeq: lastSeq($0), members: members[$0] ?? []) }
        return (tips, "\(epoch) \(snapshots.count - 1)", "e\(epoch)")
    }

    /// A cursor of another epoch means nothing.
    private func read(_ cursor: String) -> Snapshot? {
        let parts = cursor.split(separator: " ").compactMap { Int($0) }
        return parts.count == 2 && parts[0] == epoch ? snapshots[parts[1]] : nil
    }

    /// The database is set back: the last messages never were, and transaction ids begin again further down.
    func restore(forgetting count: Int) {
        epoch += 1
        rows.removeLast(min(count, rows.count))
        running = []
        waiting = [:]
        nextXid = (rows.map(\.xid).max() ?? 99) + 1
    }
}
