import ChatProtocol
import Foundation
package import Logging
import Postgres

/// What integration tests run against; set by `./parley test`.
package enum TestEnvironment {
    package static let databaseURL = ProcessInfo.processInfo.environment["PARLEY_TEST_DATABASE_URL"]
    package static let redisURL = ProcessInfo.processInfo.environment["PARLEY_TEST_REDIS_URL"]

    package static let logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()
}

/// Waits until a condition holds, looking every 10 ms.
package func eventually(
    within limit: Duration = .seconds(5), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}
