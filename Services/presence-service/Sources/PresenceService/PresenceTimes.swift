import ChatProtocol

/// How long things last, all by Redis' clock.
package struct PresenceTimes: Sendable {
    /// How long an instance counts as alive after a heartbeat.
    package var lease: Duration = .seconds(10)
    /// How long a user may be without a connection before they are called offline.
    package var grace: Duration = .seconds(10)
    /// How long it is remembered when somebody was last seen.
    package var lastSeen: Duration = .seconds(30 * 86_400)
    /// How long after Redis came up empty a user nobody has spoken of is `unknown` rather than offline: the gateways
    /// find out with their next heartbeat and register again.
    package var infancy: Duration = .seconds(15)

    package init() {}

    /// As the arguments every script begins with (see ``PresenceScripts/prelude``).
    var arguments: [String] { [lease, grace, lastSeen, infancy].map { String($0.milliseconds) } }
}
