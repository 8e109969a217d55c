import ChatProtocol
import ClientThread
import Metrics
import Observability
import Postgres

/// Tells a client which of its chats changed since its cursor: new messages, new chats, and cursors of all members.
struct SyncChats: Sendable {
    struct Page {
        let chats: [Chat]
        let next: SyncCursor
        let more: Bool
    }

    private enum Start: String, CaseIterable {
        case nothing, cursor
        case otherEpoch = "other_epoch"
        case nextPage = "next_page"
    }

    let pool: PostgresPool
    private let syncs = CounterFamily(
        "parley_sync_requests_total", "Syncs of clients, by where they start.", label: "from",
        values: Start.allCases, text: \.rawValue)
    private let chats = Counter("parley_sync_chats_total", "Chats that syncs brought to clients.")

    init(pool: PostgresPool) { self.pool = pool }

    /// - Parameter cursor: nil, or one of another epoch, starts from nothing.
    func callAsFunction(by user: UserID, since cursor: SyncCursor?) async throws -> Page {
        let page = try await read(user, since: cursor?.since, after: cursor?.position?.after)
        guard let cursor else { return finish(page, since: nil, .nothing) }
        guard cursor.epoch == page.epoch else {
            return finish(try await read(user, since: nil, after: nil), since: nil, .otherEpoch)
        }
        let isFromNothing = cursor.since == nil
        return finish(page, since: cursor, cursor.position != nil ? .nextPage : isFromNothing ? .nothing : .cursor)
    }

    private func finish(_ page: Reading, since cursor: SyncCursor?, _ start: Start) -> Page {
        syncs.increment(start)
        chats.increment(by: min(page.chats.count, Limits.chatsPageMax))
        let upTo = cursor?.position?.upTo ?? page.snapshot
        guard page.chats.count > Limits.chatsPageMax else {
            return Page(chats: page.chats, next: SyncCursor(epoch: page.epoch, since: upTo), more: false)
        }
        let chats = Array(page.chats.prefix(Limits.chatsPageMax))
        let position = chats.last.map { SyncCursor.Position(upTo: upTo, after: $0.hash) }
        return Page(
            chats: chats, next: SyncCursor(epoch: page.epoch, since: cursor?.since, position: position), more: true)
    }

    private typealias Reading = (chats: [Chat], snapshot: PostgresSnapshot, epoch: String)

    /// Reads one chat more than a page holds, with the snapshot and the epoch of that very statement.
    private func read(
        _ user: UserID, since: PostgresSnapshot?, after: ChatHash?
    ) async throws -> Reading {
        let xmax = since?.xmax ?? 0
        let inProgress = since?.inProgress ?? []
        let rows = try await pool.query(
            """
            SELECT now.snapshot, now.epoch, changed.*
            FROM \(nowIn: "chat") AS now
            LEFT JOIN LATERAL (
                SELECT \(raw: PostgresChats.columns)
                FROM \(raw: PostgresChats.source)
                WHERE mine.user_id = \(user) AND \(raw: PostgresChats.isListed)
                    AND mine.chat > \(after ?? ChatHash(high: 0, low: 0))
                    AND (chats.changed_xid >= \(xmax) OR chats.changed_xid = ANY(\(inProgress))
                        OR EXISTS (SELECT FROM chat.members WHERE members.chat = chats.hash
                            AND (members.user_id = own.user_id OR members.shown_read IS NULL)
                            AND (members.changed_xid >= \(xmax) OR members.changed_xid = ANY(\(inProgress)))))
                ORDER BY mine.chat LIMIT \(Int64(Limits.chatsPageMax + 1))
            ) AS changed ON true
            """, deadline: .after(PostgresChats.patience))
        guard let first = rows.first, let snapshot = PostgresSnapshot(try first.get(0, as: String.self)) else {
            throw PostgresError.decoding("no snapshot")
        }
        let chats = try rows.compactMap { row throws(PostgresError) in
            try row.getOptional(2, as: ChatHash.self) == nil ? nil : try PostgresChats.chat(from: row, at: 2)
        }
        return (chats, snapshot, try first.get(1))
    }
}
