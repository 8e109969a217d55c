import ChatProtocol

/// Blocks a user: from then on what they write to the one who blocks is hidden from that one, and neither sees presence,
/// typing or cursors of the other. The blocked one sees nothing that differs from somebody who is away.
struct BlockUser: Sendable {
    /// Users that one user may block.
    static let blocksMax = 1000

    let blocks: PostgresBlocks
    let users: KnownUsers

    /// - Throws: ``ParleyError`` `bad_request` for oneself, `not_found` for a user who does not exist, `conflict` for more
    ///   than ``blocksMax``.
    func callAsFunction(_ other: UserID, by user: UserID) async throws {
        guard other != user else { throw ParleyError(.badRequest, "nobody can block themselves") }
        guard try await users.exists(other) else { throw ParleyError(.notFound, "no such user") }
        guard try await blocks.add(other, by: user, blocksMax: Self.blocksMax) else {
            throw ParleyError(.conflict, "at most \(Self.blocksMax) users can be blocked")
        }
    }
}
