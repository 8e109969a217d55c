import ChatProtocol
import Postgres
import Testing

@testable import MessageService

@Suite("A batch of appends")
struct AppendBatchTests {
    private let chat = ChatHash(high: 1, low: 1)
    private let user = UserID.make()

    private func entry(_ id: MessageID, _ body: String) throws -> AppendRequest.Entry {
        AppendRequest.Entry(chat: chat, from: user, id: id, body: try MessageBody(Array(body.utf8)))
    }

    @Test("writes copies of one id once, answers all of them, and refuses another body under the same id")
    func copies() throws {
        let (a, b) = (MessageID.make(), MessageID.make())
        let batch = AppendBatch([try entry(a, "x"), try entry(b, "y"), try entry(a, "x"), try entry(a, "z")])
        #expect(batch.entries.map(\.id) == [a, b])
        let stored = (1...2).map { AppendOutcome.stored(seq: $0, sentAt: .now, members: []) }
        #expect(batch.spread(stored) == [stored[0], stored[1], stored[0], .refused(.conflict)])
    }

    @Test("with a body that is only canonically the same is a conflict")
    func canonical() throws {
        let id = MessageID.make()
        let batch = AppendBatch([try entry(id, "é"), try entry(id, "e\u{301}")])
        let stored = AppendOutcome.stored(seq: 1, sentAt: .now, members: [])
        #expect(batch.spread([stored])[1] == .refused(.conflict))
    }

    @Test("that fails is retried in halves only where one row may be guilty")
    func faults() {
        func server(_ state: String) -> AppendFault {
            AppendFault(PostgresError.server(sqlState: state, message: "", constraint: nil))
        }
        #expect(server("22021") == AppendFault(PostgresError.server(sqlState: "23514", message: "", constraint: nil)))
        #expect(server("22021").mayBeOneRow && server("22021").code == .internal)
        #expect(server("55P03").mayBeOneRow && server("55P03").code == .unavailable)
        #expect(!server("53100").mayBeOneRow && server("53100").code == .unavailable)
        #expect(AppendFault(.connectionLost("")).code == .unavailable)
    }
}

@Suite("Cursors and snapshots")
struct CursorTests {
    @Test("A snapshot is read as PostgreSQL writes it, and refused otherwise")
    func snapshots() throws {
        let snapshot = try #require(PostgresSnapshot("10:20:12,14"))
        #expect(snapshot.xmin == 10 && snapshot.xmax == 20 && snapshot.inProgress == [12, 14])
        #expect(snapshot.text == "10:20:12,14")
        #expect(PostgresSnapshot("10:10:")?.inProgress == [])
        for bad in ["", "10", "10:20", "20:10:", "a:b:c", "10:20:x", "-1:2:", "10:20:1;DROP"] {
            #expect(PostgresSnapshot(bad) == nil)
        }
    }

    @Test("A sync cursor survives the way to the client and back")
    func syncCursors() throws {
        let since = try #require(PostgresSnapshot("10:20:12"))
        let plain = SyncCursor(epoch: "7-1", since: since)
        #expect(SyncCursor(plain.text) == plain)
        let paged = SyncCursor(
            epoch: "7-1", since: nil,
            position: .init(upTo: since, after: ChatHash(high: 1, low: 2)))
        #expect(SyncCursor(paged.text) == paged)
        for bad in ["", "1", "2_a_10:20:", "1__10:20:", "1_a_x", "1_a_10:20:_y_z"] { #expect(SyncCursor(bad) == nil) }
    }

    @Test("A cursor of the chat list is checked")
    func listCursors() {
        let cursor = ChatListCursor(time: Timestamp(milliseconds: 5), hash: ChatHash(high: 1, low: 2))
        #expect(ChatListCursor(cursor.text) == cursor)
        for bad in ["", "5", "-5-x", "99999999999999999999-00", "5-zz"] { #expect(ChatListCursor(bad) == nil) }
    }
}

@Suite("A page of history")
struct HistoryPageTests {
    @Test("is a range of seq, and one that is asked for beyond the end is the last one")
    func ranges() {
        func range(_ anchor: HistoryPage.Anchor, _ limit: Int64 = 10, lastSeq: Int64 = 100) -> [Int64] {
            let range = HistoryPage(anchor: anchor, limit: limit).range
            let place = min(range.place, lastSeq + range.reach)
            return [place + range.first, place + range.last]
        }
        #expect(range(.newest) == [91, 100])
        #expect(range(.before(50)) == [40, 49])
        #expect(range(.before(1000)) == [91, 100])
        #expect(range(.after(50)) == [51, 60])
        #expect(range(.around(50)) == [45, 54])
        #expect(range(.around(50), 1) == [50, 50])
        #expect(range(.around(1000), 5) == [98, 102])
        #expect(range(.before(0)) == [-10, -1])
    }

    @Test("is cut in bytes on the side away from where it is read from, and never to nothing")
    func cut() {
        let messages = (1...200).map { seq in
            Message(
                chat: ChatHash(high: 0, low: 0), seq: Int64(seq), id: .make(), from: .make(),
                body: MessageBody(stored: Array(repeating: 65, count: 8000)), sentAt: .now)
        }
        #expect(ReadHistory.cut(messages, keepsNewest: true).last?.seq == 200)
        #expect(ReadHistory.cut(messages, keepsNewest: false).first?.seq == 1)
        #expect(ReadHistory.cut(messages, keepsNewest: true).count == 65)
        #expect(ReadHistory.cut([], keepsNewest: true).isEmpty)
    }
}
