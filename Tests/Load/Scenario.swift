import NIOCore
import NIOPosix

/// The runs.
enum Scenario {
    static func run(_ options: LoadOptions) async throws -> Report {
        let system = try RunningSystem(home: options.home, throughEdge: options.throughEdge)
        switch options.kind {
        case .closed: return try await messages(.closed(inFlight: options.inFlight), options, system)
        case .open: return try await messages(.open(perSecond: Double(options.rate ?? 1000)), options, system)
        case .chats: return try await manyChats(options, system)
        case .idle, .connect: return try await connections(options, system)
        case .churn: return try await churn(options, system)
        case .storm: return try await Storm(options: options, system: system).run()
        case .signin: return try await signIns(options, system)
        case .history: return try await history(options, system)
        case .day: return try await day(options, system)
        case .quick: return try await quick(options, system)
        }
    }

    static var loops: [any EventLoop] { Array(MultiThreadedEventLoopGroup.singleton.makeIterator()) }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
