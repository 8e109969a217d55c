import CoreMetrics
import Observability

/// How the connection to Redis does.
struct RedisMetrics: Sendable {
    let connections = Meter("parley_redis_connections", "Connections to Redis that stand.")
    let connectionFailures = Counter(
        "parley_redis_connection_failures_total", "Attempts to connect to Redis that failed.")
    let connectionsLost = Counter("parley_redis_connections_lost_total", "Connections to Redis that broke.")
    let pipelineTime = CoreMetrics.Timer(
        "parley_redis_pipeline_seconds", "One round trip to Redis with everything that had been asked for by then.")
    let pipelineCommands = Recorder("parley_redis_pipeline_commands", "Commands of one round trip to Redis.")
}
