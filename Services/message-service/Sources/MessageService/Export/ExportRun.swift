import ChatProtocol
import StrictJSON

/// The writing of one archive, from the first byte to the last.
struct ExportRun {
    /// Messages of one file; a chat with more has several.
    static let fileMessagesMax: Int64 = 10_000
    /// Bytes of one message in a file: each of its body may be escaped to six, and there is something around it.
    private static let messageBytesMax = Limits.bodyBytesMax * 6 + 1024
    private static let renewEvery: Duration = .seconds(10)

    private enum Format: String, CaseIterable { case json, html }

    /// A run of a chat's messages, in a file of each format.
    private struct Part {
        let chat: Chat
        let title: String
        let people: [UserID: UserName]
        let first: Int64
        let last: Int64

        func name(of user: UserID) -> String { people[user]?.displayName ?? user.description }

        /// The file of a format; those after the first are numbered.
        func file(_ format: Format) -> String {
            let number = (first - 1) / ExportRun.fileMessagesMax + 1
            return "chats/\(chat.hash)\(number == 1 ? "" : "-\(number)").\(format.rawValue)"
        }
    }

    private let export: ExportChats
    private let begun: ExportChats.Begun
    private var stream: ExportStream
    private var renewed = ContinuousClock.now
    /// The list of chats, each with when something was last written in it, and whether all chats are in the archive.
    private var index: [(last: Timestamp?, line: String)] = []
    private var isWhole = true

    init(of export: ExportChats, _ begun: ExportChats.Begun, to sink: @escaping ExportStream.Sink) {
        self.export = export
        self.begun = begun
        stream = ExportStream(time: DOSTime(rfc3339: begun.at.description), sink: sink)
    }

    mutating func write() async throws {
        try await writeProfile()
        // By hash: in an order that changes meanwhile, a chat could be missed.
        var after: ChatHash?
        repeat {
            let page = try await export.chats.all(of: begun.user, after: after, limit: Limits.chatsPageMax)
            after = page.count == Limits.chatsPageMax ? page.last?.hash : nil
            let people = await names(of: page.flatMap { $0.members.map(\.userID) })
            for chat in page { try await write(chat, people) }
        } while after != nil
        try await writeIndex()
        try await stream.finish()
    }

    private mutating func writeProfile() async throws {
        let blocks = try await export.blocks.list(of: begun.user)
        let people = await names(of: blocks.map(\.user))
        var json = JSONWriter()
        json.object { json in
            json.field("user", begun.own)
            json.field("exported_at", begun.at)
            json.field("blocks", blocks)
            json.field("people", people.values.sorted { $0.id < $1.id })
        }
        try await stream.begin("profile.json")
        try await stream.add(json.bytes)
        try await stream.end()
    }

    private mutating func write(_ chat: Chat, _ people: [UserID: UserName]) async throws {
        let members = people.filter { person in chat.members.contains { $0.userID == person.key } }
        let other = chat.members.map(\.userID).first { $0 != begun.user }
        let title = other.map { members[$0]?.displayName ?? $0.description } ?? "Notes to self"
        for first in stride(from: Int64(1), through: max(1, chat.lastSeq), by: Int(Self.fileMessagesMax)) {
            let last = min(chat.lastSeq, first + Self.fileMessagesMax - 1)
            let part = Part(chat: chat, title: title, people: members, first: first, last: last)
            let bytesMax = (Int(last - first) + 1) * Self.messageBytesMax + 65_536
            guard stream.hasRoom(for: 2 * bytesMax, named: part.file(.html)) else {
                isWhole = false
                continue
            }
            for format in Format.allCases { try await write(part, as: format) }
            index.append(
                (chat.lastMessage?.sentAt, ExportPages.link(to: part.file(.html), title, from: first, to: last)))
        }
    }

    private mutating func write(_ part: Part, as format: Format) async throws {
        try await stream.begin(part.file(format))
        try await stream.add(format == .json ? Self.jsonHead(part) : ExportPages.head(part.title) + "<ol>\n")
        var seq = part.first - 1
        while seq < part.last {
            try await keepLease()
            let page = HistoryPage(anchor: .after(seq), limit: Int64(Limits.historyPageMax))
            let messages = try await export.readHistory(part.chat.hash, page: page, by: begun.user).messages
            guard !messages.isEmpty else { throw ParleyError(.internal, "a history with a hole") }
            for message in messages where message.seq <= part.last {
                switch format {
                case .json:
                    try await stream.add(
                        (message.seq == part.first ? [] : [UInt8(ascii: ",")]) + JSONWriter.encode(message))
                case .html: try await stream.add(ExportPages.message(message, from: part.name(of: message.from)))
                }
                seq = message.seq
            }
        }
        try await stream.add(format == .json ? "]}" : "</ol>\n" + ExportPages.foot)
        try await stream.end()
    }

    /// The beginning of `{"chat":…,"people":[…],"messages":[…]}`.
    private static func jsonHead(_ part: Part) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("chat", part.chat)
            json.field("people", part.people.values.sorted { $0.id < $1.id })
        }
        return String(decoding: json.bytes.dropLast(), as: UTF8.self) + ",\"messages\":["
    }

    private mutating func writeIndex() async throws {
        try await stream.begin("index.html")
        try await stream.add(ExportPages.head("Chats of \(begun.own.displayName)"))
        try await stream.add("<p>As of \(begun.at).</p>\n")
        if !isWhole { try await stream.add("<p><b>Not everything: an archive holds less than 4 GiB.</b></p>\n") }
        let oldest = Timestamp(milliseconds: 0)
        let lines = index.sorted { ($0.last ?? oldest, $1.line) > ($1.last ?? oldest, $0.line) }.map(\.line)
        try await stream.add("<ul>\n" + lines.joined() + "</ul>\n" + ExportPages.foot)
        try await stream.end()
    }

    private mutating func keepLease() async throws {
        guard renewed.duration(to: .now) > Self.renewEvery else { return }
        renewed = .now
        guard try await export.leases.renew(begun.lease, of: begun.user) else {
            throw ParleyError(.rateLimited, "another export began")
        }
    }

    /// The names of people; where auth-service goes away in the middle of it all, ids have to do.
    private func names(of users: [UserID]) async -> [UserID: UserName] {
        let others = Array(Set(users).subtracting([begun.user])).sorted()
        let known = others.isEmpty ? [:] : (try? await export.names(others)) ?? [:]
        return known.merging([begun.user: begun.own]) { $1 }
    }
}
