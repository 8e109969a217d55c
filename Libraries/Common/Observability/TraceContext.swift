import ChatProtocol
import Synchronization

/// Which request this work belongs to, over all services (W3C Trace Context, `traceparent`).
package struct TraceContext: Sendable, Equatable {
    /// Not all zero.
    private let trace: Hex.Words
    /// Not zero.
    private let span: UInt64

    @TaskLocal package static var current: TraceContext?

    /// Reads a `traceparent` header of version 00 (`00-<32 digits>-<16 digits>-<2 digits>`); nil for anything that does
    /// not fit, which starts a new trace.
    package init?(traceparent: String) {
        let text = Array(traceparent.utf8)
        let hyphen = UInt8(ascii: "-")
        guard text.count == 55, text.starts(with: "00-".utf8), text[35] == hyphen, text[52] == hyphen,
            let trace = Hex.digits(text[3..<35]), let span = Hex.digits(text[36..<52])?.low,
            Hex.digits(text[53..<55]) != nil, trace != (0, 0), span != 0
        else { return nil }
        self.init(trace: trace, span: span)
    }

    private init(trace: Hex.Words, span: UInt64) {
        self.trace = trace
        self.span = span
    }

    /// A new trace.
    package static func make() -> TraceContext {
        TraceContext(trace: (TraceNumbers.next(), TraceNumbers.next()), span: TraceNumbers.next())
    }

    /// The same trace, a new span.
    package func child() -> TraceContext { TraceContext(trace: trace, span: TraceNumbers.next()) }

    /// 32 lower-case hexadecimal digits.
    package var traceID: String {
        String(decoding: Hex.digits32(high: trace.high, low: trace.low), as: UTF8.self)
    }

    /// 16 lower-case hexadecimal digits.
    package var spanID: String { String(decoding: Hex.digits32(high: 0, low: span)[16...], as: UTF8.self) }

    package var traceparent: String { "00-\(traceID)-\(spanID)-01" }

    package static func == (a: TraceContext, b: TraceContext) -> Bool { a.trace == b.trace && a.span == b.span }
}

/// Numbers that differ, and that nobody needs to be unable to guess: the system's own randomness costs a call of the
/// kernel for each.
private enum TraceNumbers {
    private static let state = Atomic<UInt64>(.random(in: 0 ... .max))

    /// The next number of splitmix64 (Steele, Lea and Flood 2014), never 0.
    static func next() -> UInt64 {
        var mixed = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return max(1, mixed ^ (mixed >> 31))
    }
}
