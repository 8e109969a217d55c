import CoreMetrics
import Testing

@testable import Observability

@Suite("The text of the metrics")
struct PrometheusMetricsTests {
    private let metrics = PrometheusMetrics()

    private var lines: [String] { metrics.text().split(separator: "\n").map(String.init) }

    @Test("says once of each metric what it means and what type it has, before its series")
    func helpAndType() throws {
        metrics.describe("parley_x_total", "What x is.")
        for kind in ["b", "a"] {
            Counter(label: "parley_x_total", dimensions: [("kind", kind)], factory: metrics).increment()
        }
        let first = try #require(lines.firstIndex(of: "# HELP parley_x_total What x is."))
        #expect(
            lines[first...].prefix(4) == [
                "# HELP parley_x_total What x is.", "# TYPE parley_x_total counter", #"parley_x_total{kind="a"} 1"#,
                #"parley_x_total{kind="b"} 1"#,
            ])
    }

    @Test("counts times in buckets of seconds, and sizes in buckets of powers of two")
    func buckets() {
        CoreMetrics.Timer(label: "parley_x_seconds", dimensions: [], factory: metrics).recordNanoseconds(3_000_000)
        Recorder(label: "parley_x_rows", dimensions: [], aggregate: true, factory: metrics).record(300)
        #expect(lines.contains(#"parley_x_seconds_bucket{le="0.0025"} 0"#))
        #expect(lines.contains(#"parley_x_seconds_bucket{le="0.005"} 1"#))
        #expect(lines.contains(#"parley_x_rows_bucket{le="256.0"} 0"#))
        #expect(lines.contains(#"parley_x_rows_bucket{le="512.0"} 1"#))
        #expect(lines.contains("parley_x_rows_sum 300"))
        #expect(lines.contains(#"parley_x_rows_bucket{le="+Inf"} 1"#))
    }

    @Test("asks a reading for its value each time")
    func readings() {
        let counter = CoreMetrics.Counter(label: "unused", dimensions: [], factory: metrics)
        counter.increment()
        metrics.read("parley_depth", "How deep.") { 7 }
        #expect(lines.contains("# TYPE parley_depth gauge"))
        #expect(lines.contains("parley_depth 7"))
    }

    @Test("escapes what a label may not hold as it is")
    func escaping() {
        Counter(label: "parley_x_total", dimensions: [("a", "\"\\\n")], factory: metrics).increment()
        #expect(lines.contains(#"parley_x_total{a="\"\\\n"} 1"#))
    }

    @Test("has a bounded number of series, and says how many found no room")
    func bounded() {
        for number in 0..<2500 { _ = metrics.makeCounter(label: "parley_x_total", dimensions: [("n", "\(number)")]) }
        #expect(lines.count { $0.hasPrefix("parley_x_total{") } == 2000)
        #expect(lines.contains("parley_metrics_dropped_series_total 500"))
    }

    @Test("tells of the process: memory, CPU, descriptors, start, clock and build")
    func process() throws {
        metrics.addProcess(service: "some-service", version: "9.9")
        func value(_ name: String) throws -> Double {
            let line = try #require(lines.first { $0.hasPrefix(name + " ") }, "\(name) is missing")
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try (3...value("process_max_fds")).contains(value("process_open_fds")))
        #expect(try value("process_start_time_seconds") <= value("parley_clock_seconds"))
        #expect(lines.contains(#"parley_build_info{service="some-service",version="9.9"} 1"#))
    }
}

@Suite("A trace")
struct TraceContextTests {
    @Test("goes on from a header that fits, and no other")
    func parsing() throws {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let trace = try #require(TraceContext(traceparent: header))
        #expect(trace.traceparent == header)
        #expect(trace.child().traceID == trace.traceID)
        #expect(trace.child().spanID != trace.spanID)
        for wrong in ["", "00-x-y-01", header.uppercased(), "01" + header.dropFirst(2), header + "-more"] {
            #expect(TraceContext(traceparent: wrong) == nil, "\(wrong)")
        }
        #expect(TraceContext(traceparent: "00-\(String(repeating: "0", count: 32))-b7ad6b7169203331-01") == nil)
    }
}
