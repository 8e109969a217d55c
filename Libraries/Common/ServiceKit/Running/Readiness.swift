import ChatProtocol
import Hummingbird
import Observability
import StrictJSON
import Synchronization

/// Whether the process can serve: every required dependency is there and no stop was asked for. Dependencies report
/// themselves; nothing is asked when somebody wants to know.
package final class Readiness: Sendable {
    package struct Dependency: Sendable {
        package let name: String
        /// Whether the service is of no use without it.
        package let required: Bool
        package let isUp: @Sendable () -> Bool
    }

    private struct State {
        var dependencies: [Dependency] = []
        var isDraining = false
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ name: String, required: Bool, isUp: @escaping @Sendable () -> Bool) {
        state.withLock { $0.dependencies.append(Dependency(name: name, required: required, isUp: isUp)) }
    }

    package func startDraining() { state.withLock { $0.isDraining = true } }

    package var isDraining: Bool { state.withLock { $0.isDraining } }

    package var isReady: Bool {
        let (dependencies, isDraining) = state.withLock { ($0.dependencies, $0.isDraining) }
        return !isDraining && dependencies.allSatisfy { !$0.required || $0.isUp() }
    }

    /// Adds to the metrics what `/readyz` says; to be called when all dependencies are known.
    func addMetrics(to metrics: PrometheusMetrics) {
        metrics.read("parley_ready", "Whether this instance can serve (1) or not (0), as /readyz says.") {
            self.isReady ? 1 : 0
        }
        for dependency in state.withLock({ $0.dependencies }) {
            metrics.read(
                "parley_dependency_up",
                "Whether what this instance depends on is there; required: not ready without it.",
                [("dependency", dependency.name), ("required", String(dependency.required))]
            ) { dependency.isUp() ? 1 : 0 }
        }
    }

    /// The answer of `/readyz`.
    package var report: (isReady: Bool, json: [UInt8]) {
        let (dependencies, isDraining) = state.withLock { ($0.dependencies, $0.isDraining) }
        let states = dependencies.map { ($0, $0.isUp()) }
        let isReady = !isDraining && states.allSatisfy { $0.0.required ? $0.1 : true }
        var writer = JSONWriter()
        writer.object { json in
            json.field("status", isDraining ? "draining" : isReady ? "ready" : "not_ready")
            json.key("dependencies")
            json.object { json in
                for (dependency, isUp) in states {
                    json.key(dynamic: dependency.name)
                    json.object { json in
                        json.field("status", isUp ? "up" : "down")
                        json.field("required", dependency.required)
                    }
                }
            }
        }
        return (isReady, writer.bytes)
    }
}

/// Adds `/healthz` (the process turns; asks nobody), `/readyz` and `/metrics`.
func addHealthRoutes(
    to router: Router<ParleyRequestContext>, readiness: Readiness, metrics: PrometheusMetrics
) {
    let health = Array(#"{"status":"ok","version":"\#(ServiceDescription.version)"}"#.utf8)
    router.get("/healthz") { _, _ in Response.json(health) }
    router.get("/readyz") { _, _ in
        let (isReady, json) = readiness.report
        return Response.json(json, status: isReady ? .ok : .serviceUnavailable)
    }
    router.get("/metrics") { _, _ in
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: metrics.text())))
    }
}
