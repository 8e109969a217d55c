import ChatProtocol
import Hummingbird
import ServiceKit
import StrictJSON
import Tokens

/// The REST way to send: the same path as a `send` frame, for programs.
struct PublicRoutes: Sendable {
    let authority: SessionAuthority
    let sends: SendMessages
    let requests: RateLimiter<UserID>

    private struct SendBody: JSONDecodable {
        let id: MessageID
        let body: MessageBody

        init(json: JSONValue, field: String) throws(JSONError) {
            id = try json.value("id")
            // Kept as it came; the route checks it, because its refusals have codes of their own.
            guard let bytes = json["body"]?.stringBytes else { throw .mismatch("body", expected: "a string") }
            body = MessageBody(stored: Array(bytes))
        }
    }

    func add(to router: Router<ParleyRequestContext>) {
        router.refuseOtherMethods("/api/v1/chats/:hash/messages", served: [.post])
        let routes = router.group("/api/v1")
            .add(middleware: UserAuthentication(authority: authority, requests: requests))
        routes.post("chats/:hash/messages") { request, context in
            let user = try context.requireToken().user
            let chat = try context.parameter("hash") { ChatHash($0) }
            let message: SendBody = try await request.decode()
            let body = try MessageBody(checking: message.body.utf8, errorCode: .badRequest)
            let entry = AppendRequest.Entry(chat: chat, from: user, id: message.id, body: body)
            switch await sends.send(entry) {
            case .stored(let seq, let sentAt, _, _):
                return Response.json(Acknowledgement(id: message.id, chat: chat, seq: seq, sentAt: sentAt))
            case .refused(let code):
                throw SendMessages.refusal(code)
            }
        }
    }
}

/// The routes of other services.
struct InternalRoutes: Sendable {
    private static let requestBytesMax = 8 << 20

    let gateway: Gateway

    /// The one on the path of every message.
    var events: DirectRoute {
        DirectRoute(
            EventsRequest.path, from: ["realtime-gateway"], bytesMax: Self.requestBytesMax, patience: .seconds(1)
        ) { (request: EventsRequest, _, answer: @escaping @Sendable (Done) -> Void) in
            gateway.receive(request.events, from: request.from)
            answer(Done())
        }
    }

    func add(to router: Router<ParleyRequestContext>) {
        router.onInternal(TipsRequest.path, from: ["realtime-gateway"]) { request, _ in
            let request: TipsRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            do throws(ServiceCallError) {
                return Response.json(try await gateway.sweep.tips(request))
            } catch {
                throw error.asParleyError
            }
        }
        router.onInternal(PresenceChanges.path, from: ["presence-service"]) { request, _ in
            let changes: PresenceChanges = try await request.decode(bytesMax: Self.requestBytesMax)
            gateway.presence.changed(changes.states)
            return Response.json(Done())
        }
        router.onInternal(EndSessionsRequest.path, from: ["auth-service"]) { request, _ in
            let ended: EndSessionsRequest = try await request.decode(bytesMax: Self.requestBytesMax)
            gateway.authority.add(ended.revocations)
            return Response.json(Done())
        }
    }
}
