import ChatProtocol

/// Everything of one user as a ZIP archive: who they are and whom they block, and each chat as they see it, for programs
/// (JSON) and for people (HTML). It is written while it is read, page by page, so its size costs no memory.
struct ExportChats: Sendable {
    typealias Names = @Sendable ([UserID]) async throws -> [UserID: UserName]

    let chats: PostgresChats
    let readHistory: ReadHistory
    let blocks: PostgresBlocks
    let leases: PostgresExportLeases
    /// What people are called; who is not there has no name.
    let names: Names

    /// An export that may begin.
    struct Begun: Sendable {
        let user: UserID
        let own: UserName
        let lease: MessageID
        let at = Timestamp.now
    }

    /// What can be refused is refused here, before anything is written.
    /// - Throws: ``ParleyError`` `rate_limited` while the user exports already, `unavailable` while too many do or
    ///   auth-service is away.
    func begin(by user: UserID) async throws -> Begun {
        guard let own = try await names([user])[user] else {
            throw ParleyError(.unauthenticated, "this account is gone")
        }
        return Begun(user: user, own: own, lease: try await leases.take(user))
    }

    /// Writes the archive.
    /// - Throws: what the sink throws, and whatever goes wrong on the way: then the archive is cut off, without its
    ///   directory, and nobody takes it for a whole one.
    func write(_ begun: Begun, to sink: @escaping ExportStream.Sink) async throws {
        do {
            var run = ExportRun(of: self, begun, to: sink)
            try await run.write()
        } catch {
            // Where PostgreSQL is what failed the lease runs out by itself.
            try? await leases.giveBack(begun.lease, of: begun.user)
            throw error
        }
        try await leases.giveBack(begun.lease, of: begun.user)
    }
}
