import ChatProtocol
package import Logging
import StrictJSON

#if canImport(Glibc)
    import Glibc
#endif

/// Writes each log entry as one JSON line on standard error: `time`, `level`, `service`, `instance`, `trace`,
/// `message`, then the metadata. Nothing here knows a token, a password or a message body, and callers pass none.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let label: String
    private let counted = CounterFamily(
        "parley_log_entries_total", "Log entries that want attention.", label: "level",
        values: [Logger.Level.warning, .error, .critical])

    package init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        counted.increment(event.level)
        var line = JSONWriter()
        line.object { json in
            json.field("time", Timestamp.now)
            json.field("level", event.level.rawValue)
            json.field("logger", label)
            json.field("trace", ifPresent: TraceContext.current?.traceID)
            json.field("message", event.message.description)
            var entries = metadata
            if let more = event.metadata { entries.merge(more) { $1 } }
            if let error = event.error { entries["error"] = "\(error)" }
            for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
                json.key(dynamic: key)
                json.string("\(value)")
            }
        }
        let bytes = line.bytes + [UInt8(ascii: "\n")]
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
