/// Whether this gateway is cut off from message-service while other gateways are not. Told by its sweeps: those that
/// message-service did not answer, but a peer could have answered in its place. A value without I/O.
///
/// Where nobody can reach message-service there is nothing to gain from sending people to another gateway.
struct IsolationState {
    enum Answered {
        case directly
        /// Only by way of a peer.
        case byPeer
        case notAtAll
    }

    /// Sweeps in a row that a peer had to answer. More than one, because under overload a single one may be bad luck.
    static let byPeerMax = 3

    private var byPeer = 0

    var isIsolated: Bool { byPeer >= Self.byPeerMax }

    /// Takes the outcome of a sweep in.
    /// - Returns: whether the gateway has just become isolated.
    mutating func swept(_ answered: Answered) -> Bool {
        switch answered {
        case .directly: byPeer = 0
        case .byPeer: byPeer += 1
        case .notAtAll: break
        }
        return answered == .byPeer && byPeer == Self.byPeerMax
    }
}
