/// Which request this work belongs to, over all services (W3C Trace Context, `traceparent`).
package struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 lower-case hexadecimal digits, not all zero.
    package let spanID: String

    @TaskLocal package static var current: TraceContext?

    /// Reads a `traceparent` header of version 00; nil for anything that does not fit, which starts a new trace.
    package init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", Self.isID(parts[1], digits: 32), Self.isID(parts[2], digits: 16),
            parts[3].utf8.count == 2
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
    }

    private init(traceID: String, spanID: String) {
        self.traceID = traceID
        self.spanID = spanID
    }

    /// A new trace.
    package static func make() -> TraceContext {
        TraceContext(traceID: randomHex() + randomHex(), spanID: randomHex())
    }

    /// The same trace, a new span.
    package func child() -> TraceContext { TraceContext(traceID: traceID, spanID: Self.randomHex()) }

    package var traceparent: String { "00-\(traceID)-\(spanID)-01" }

    private static func isID(_ text: Substring, digits: Int) -> Bool {
        text.utf8.count == digits && text.utf8.contains { $0 != UInt8(ascii: "0") }
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func randomHex() -> String {
        let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
