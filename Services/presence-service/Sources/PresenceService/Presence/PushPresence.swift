import ChatProtocol
import ClientThread
import CoreMetrics
import HTTPClient
import Logging
import Observability
import StrictJSON
import Tokens

/// Posts states to a gateway. A lost push is not repeated: gateways watch again now and then.
struct PushPresence {
    private static let patience: Duration = .seconds(1)

    let http: HTTPClient
    let tokens: ServiceTokenIssuer
    let metrics: PresenceMetrics
    let logger: Logger

    func push(_ push: PresencePush) async {
        do {
            let token = try await tokens.token(for: PresenceService.gateway)
            let request = HTTPClientRequest(
                method: "POST", url: push.address + PresenceChanges.path,
                headers: [
                    (name: "authorization", value: "Bearer \(token)"),
                    (name: "content-type", value: "application/json"),
                    (name: "parley-deadline-ms", value: String(Self.patience.milliseconds)),
                    (name: "traceparent", value: (TraceContext.current?.child() ?? .make()).traceparent),
                ],
                body: JSONWriter.encode(PresenceChanges(states: push.states)))
            let answer = try await http.send(request, deadline: .after(Self.patience))
            guard answer.status == 200 || answer.status == 204 else {
                return lost(push, "status \(answer.status)")
            }
            metrics.pushes.increment(.ok)
            metrics.pushedStates.increment(by: push.states.count)
        } catch {
            lost(push, "\(error)")
        }
    }

    private func lost(_ push: PresencePush, _ reason: String) {
        metrics.pushes.increment(.lost)
        logger.warning("push to a gateway lost", metadata: ["gateway": "\(push.gateway)", "reason": "\(reason)"])
    }
}
