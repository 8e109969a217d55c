import Metrics
import Observability

/// What is counted here. No label has more values than stand in this file.
struct PresenceMetrics: Sendable {
    enum Outcome: CaseIterable { case ok, lost }
    enum RedisFailure: CaseIterable { case unavailable, refused }
    enum Change: CaseIterable { case online, offline }

    let liveInstances = Meter("parley_presence_live_instances", "Gateways whose lease lives, as Redis last said.")
    let reapedLeases = Counter(
        "parley_presence_reaped_leases_total", "Leases of gateways that ran out; after a goodbye too.")
    let changes = CounterFamily(
        "parley_presence_changes_total", "Users who came online or went offline.", label: "state",
        values: Change.allCases)
    let forgotten = Counter(
        "parley_presence_changes_forgotten_total", "Changes that found no room; gateways ask again by themselves.")
    let pushes = CounterFamily(
        "parley_presence_pushes_total", "Pushes of states to gateways; a lost one is not repeated.", label: "result",
        values: Outcome.allCases)
    let pushedStates = Counter("parley_presence_pushed_states_total", "States of users that gateways took.")
    let redisFailures = CounterFamily(
        "parley_presence_redis_failures_total", "What Redis did not do: away, or an error of its own.", label: "kind",
        values: RedisFailure.allCases)
}
