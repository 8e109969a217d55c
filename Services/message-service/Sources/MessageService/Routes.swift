import ChatProtocol
import ClientThread
import Hummingbird
import Postgres
import ServiceKit
import StrictJSON
import Tokens

/// The public routes: each reads the request, calls one use case, and writes the answer.
struct PublicRoutes: Sendable {
    let authority: SessionAuthority
    let openDirectChat: OpenDirectChat
    let blocks: BlockRoutes
    let exports: ExportRoute
    let chats: PostgresChats
    let readHistory: ReadHistory
    let syncChats: SyncChats
    let requests: RateLimiter<UserID>

    func add(to router: Router<ParleyRequestContext>) {
        refuseOtherMethods(router)
        let routes = router.group("/api/v1")
            .add(middleware: UserAuthentication(authority: authority, requests: requests))
            .add(middleware: StorageErrors())
        blocks.add(to: routes, signedIn: signedIn)
        exports.add(to: routes, signedIn: signedIn)
        routes.put("chats/with/:user") { request, context in
            let user = try signedIn(context)
            return Response.json(try await openDirectChat(by: user, with: try context.parameter("user") { UserID($0) }))
        }
        routes.get("chats") { request, context in try await list(request, by: try signedIn(context)) }
        routes.get("chats/:hash") { request, context in
            let user = try signedIn(context)
            guard let chat = try await chats.chat(try context.parameter("hash") { ChatHash($0) }, of: user) else {
                throw ParleyError.chatNotFound
            }
            return Response.json(chat)
        }
        routes.get("chats/:hash/messages") { request, context in
            let user = try signedIn(context)
            let page = try Self.page(request)
            let (messages, lastSeq) = try await readHistory(
                try context.parameter("hash") { ChatHash($0) }, page: page, by: user)
            return Response.json(
                fields: { json in
                    json.field("messages", messages)
                    json.field("last_seq", lastSeq)
                })
        }
        routes.get("sync") { request, context in
            let user = try signedIn(context)
            let cursor = request.uri.queryParameters["since"].flatMap { SyncCursor($0) }
            let page = try await syncChats(by: user, since: cursor)
            return Response.json(
                fields: { json in
                    json.field("chats", page.chats)
                    json.field("next", page.next.text)
                    json.field("more", page.more)
                    json.field("epoch", page.next.epoch)
                })
        }
    }

    private func refuseOtherMethods(_ router: Router<ParleyRequestContext>) {
        router.refuseOtherMethods("/api/v1/chats", served: [.get])
        router.refuseOtherMethods("/api/v1/chats/:hash", served: [.get])
        router.refuseOtherMethods("/api/v1/chats/with/:user", served: [.put])
        // POST to it is realtime-gateway's; the edge knows.
        router.refuseOtherMethods("/api/v1/chats/:hash/messages", served: [.get])
        router.refuseOtherMethods("/api/v1/sync", served: [.get])
        router.refuseOtherMethods("/api/v1/export", served: [.get])
        router.refuseOtherMethods("/api/v1/blocks", served: [.get])
        router.refuseOtherMethods("/api/v1/blocks/:user", served: [.put, .delete])
    }

    private func signedIn(_ context: ParleyRequestContext) throws(ParleyError) -> UserID {
        try context.requireToken().user
    }

    private func list(_ request: Request, by user: UserID) async throws -> Response {
        let asked = try request.number("limit", in: 1...Int64(Limits.chatsPageMax))
        let limit = asked.map { Int($0) } ?? Limits.chatsPageDefault
        let text = request.uri.queryParameters["before"]
        let before = text.flatMap { ChatListCursor($0) }
        guard text == nil || before != nil else { throw ParleyError(.badRequest, "before is no cursor of this list") }
        let page = try await chats.list(of: user, before: before, limit: limit)
        return Response.json(
            fields: { json in
                json.field("chats", page.map(\.0))
                json.field("next", orNull: page.count == limit ? page.last?.1.text : nil)
            })
    }

    static func page(_ request: Request) throws(ParleyError) -> HistoryPage {
        let asked = try request.number("limit", in: 1...Int64(Limits.historyPageMax))
        let limit = asked ?? Int64(Limits.historyPageDefault)
        let before = try request.number("before", in: 0...Limits.seqMax)
        let after = try request.number("after", in: 0...Limits.seqMax)
        let around = try request.number("around", in: 0...Limits.seqMax)
        switch (before, after, around) {
        case (nil, nil, nil): return HistoryPage(anchor: .newest, limit: limit)
        case (let seq?, nil, nil): return HistoryPage(anchor: .before(seq), limit: limit)
        case (nil, let seq?, nil): return HistoryPage(anchor: .after(seq), limit: limit)
        case (nil, nil, let seq?): return HistoryPage(anchor: .around(seq), limit: limit)
        default: throw ParleyError(.badRequest, "only one of before, after and around can be asked for")
        }
    }
}

/// The routes of other services.
struct InternalRoutes: Sendable {
    private static let gateway = ["realtime-gateway"]
    private static let requestBytesMax = 1 << 20

    let appendMessages: AppendMessages
    let raiseCursors: RaiseCursors
    let lookUpChats: LookUpChats
    let readTips: ReadTips

    /// The one on the path of every message.
    var append: DirectRoute {
        DirectRoute(
            AppendRequest.path, from: Self.gateway, bytesMax: AppendMessages.requestBytesMax,
            patience: AppendMessages.deadlineMax
        ) { (request: AppendRequest, deadline, answer: @escaping @Sendable (AppendAnswer) -> Void) in
            appendMessages(request.entries, deadline: deadline) { answer(AppendAnswer(outcomes: $0)) }
        }
    }

    func add(to router: Router<ParleyRequestContext>) {
        let router = router.group().add(middleware: StorageErrors())
        router.onInternal(RaiseCursorsRequest.path, from: Self.gateway) { request, _ in
            let deadline = request.deadline(atMost: PostgresChats.patience)
            let raise: RaiseCursorsRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            try Self.bound(raise.entries.count, RaiseCursors.entriesMax)
            return Response.json(RaiseCursorsAnswer(raised: try await raiseCursors(raise.entries, deadline: deadline)))
        }
        router.onInternal(MembersRequest.path, from: Self.gateway) { request, _ in
            let deadline = request.deadline(atMost: PostgresChats.patience)
            let ask: MembersRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            try Self.bound(ask.chats.count, LookUpChats.entriesMax)
            return Response.json(MembersAnswer(chats: try await lookUpChats.members(of: ask.chats, deadline: deadline)))
        }
        router.onInternal(VisibleRequest.path, from: Self.gateway) { request, _ in
            let deadline = request.deadline(atMost: PostgresChats.patience)
            let ask: VisibleRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            try Self.bound(ask.users.count, LookUpChats.entriesMax)
            return Response.json(try await lookUpChats.visible(to: ask.viewer, among: ask.users, deadline: deadline))
        }
        router.onInternal(TipsRequest.path, from: Self.gateway) { request, _ in
            let ask: TipsRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            return Response.json(try await readTips(since: ask.cursor))
        }
    }

    private static func bound(_ count: Int, _ most: Int) throws(ParleyError) {
        guard count <= most else { throw ParleyError(.tooLarge, "at most \(most) at a time") }
    }
}

/// Tells clients of a database that is away that they may try again; the rest of PostgreSQL's errors stay inside.
struct StorageErrors: RouterMiddleware {
    typealias Context = ParleyRequestContext

    func handle(
        _ request: Request, context: ParleyRequestContext,
        next: (Request, ParleyRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as PostgresError where error.isTransient {
            throw ParleyError.unavailable("the database is away; try again")
        }
    }
}
