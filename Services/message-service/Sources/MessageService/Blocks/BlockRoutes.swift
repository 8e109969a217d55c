import ChatProtocol
import Hummingbird
import ServiceKit
import StrictJSON

/// The routes of blocks.
struct BlockRoutes: Sendable {
    let blockUser: BlockUser

    /// - Parameter signedIn: the user of a request, counted against their rate limit.
    func add(
        to routes: some RouterMethods<ParleyRequestContext>,
        signedIn: @escaping @Sendable (ParleyRequestContext) throws(ParleyError) -> UserID
    ) {
        routes.get("blocks") { _, context in
            let blocks = try await blockUser.blocks.list(of: try signedIn(context))
            return Response.json(fields: { $0.field("users", blocks) })
        }
        routes.put("blocks/:user") { _, context in
            let user = try signedIn(context)
            try await blockUser(try context.parameter("user") { UserID($0) }, by: user)
            return Response.noContent
        }
        routes.delete("blocks/:user") { _, context in
            let user = try signedIn(context)
            try await blockUser.blocks.remove(try context.parameter("user") { UserID($0) }, by: user)
            return Response.noContent
        }
    }
}

extension PostgresBlocks.Block: JSONEncodable {
    func encode(to json: inout JSONWriter) {
        json.object { json in
            json.field("user_id", user)
            json.field("blocked_at", since)
        }
    }
}
