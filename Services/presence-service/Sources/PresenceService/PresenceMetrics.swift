import Metrics

/// What is counted here. No label has more values than stand in this file.
struct PresenceMetrics: Sendable {
    let liveInstances = Gauge(label: "parley_presence_live_instances")
    let reapedLeases = Counter(label: "parley_presence_reaped_leases_total")
    let online = Counter(label: "parley_presence_changes_total", dimensions: [("state", "online")])
    let offline = Counter(label: "parley_presence_changes_total", dimensions: [("state", "offline")])
    let forgotten = Counter(label: "parley_presence_changes_forgotten_total")
    let pushed = Counter(label: "parley_presence_pushes_total", dimensions: [("result", "ok")])
    let lost = Counter(label: "parley_presence_pushes_total", dimensions: [("result", "lost")])
    let pushedStates = Counter(label: "parley_presence_pushed_states_total")
    let redisAway = Counter(label: "parley_presence_redis_failures_total", dimensions: [("kind", "unavailable")])
    let redisRefused = Counter(label: "parley_presence_redis_failures_total", dimensions: [("kind", "refused")])
}
