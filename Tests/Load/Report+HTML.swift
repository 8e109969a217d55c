import Foundation

extension Report {
    /// Writes one page that needs nothing else: figures, and the curves as SVG.
    func writeHTML(to path: String) throws {
        let rows = figures.map { "<tr><td>\(Self.escaped($0.name))<td>\($0.value)" }
        let verdicts = checks.map { "<li>\($0.held ? "✓" : "✗ failed:") \(Self.escaped($0.name))" }
        var plots: [String] = []
        if !perSecond.isEmpty { plots.append(throughput.svg) }
        if !curves.isEmpty { plots.append(percentiles.svg) }
        let page = """
            <!doctype html><html lang="en"><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(Self.escaped(title))</title>
            <style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
            td { padding: .1rem 1rem .1rem 0 } td + td { text-align: right; font-variant-numeric: tabular-nums }
            svg { width: 100%; height: auto; font-size: 12px } h1 { font-size: 1.3rem }</style>
            <h1>\(Self.escaped(title))</h1>
            \(plots.joined(separator: "\n"))
            <table>\(rows.joined())</table><ul>\(verdicts.joined())</ul></html>

            """
        try Data(page.utf8).write(to: URL(fileURLWithPath: path))
    }

    private var throughput: Plot {
        let points = perSecond.enumerated().map { (x: Double($0 + 1), y: Double($1)) }
        return Plot(
            title: "messages delivered in each second", lines: [(name: "", points: points)],
            xTicks: stride(from: 0, through: points.count, by: max(1, points.count / 10)).map {
                (Double($0), "\($0) s")
            })
    }

    /// Percentiles on an axis on which each further nine has the same width.
    private var percentiles: Plot {
        let lines = curves.map { name, latencies in
            let points = latencies.curve.filter { $0.percentile < 99.9995 }
                .map { (x: -log10(1 - $0.percentile / 100), y: Double($0.microseconds) / 1000) }
            return (name: name, points: points)
        }
        return Plot(
            title: "latency in ms by percentile", lines: lines,
            xTicks: [(0, "0"), (1, "90"), (2, "99"), (3, "99.9"), (4, "99.99"), (5, "99.999")])
    }

    fileprivate static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}

/// Lines in a frame.
private struct Plot {
    private static let (width, height, left, bottom, top) = (720.0, 260.0, 60.0, 24.0, 28.0)
    private static let colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"]

    let title: String
    let lines: [(name: String, points: [(x: Double, y: Double)])]
    let xTicks: [(x: Double, text: String)]

    var svg: String {
        let points = lines.flatMap(\.points)
        let xMax = max(points.map(\.x).max() ?? 1, 0.001)
        let yMax = max(points.map(\.y).max() ?? 1, 0.001)
        func x(_ value: Double) -> Double { Self.left + value / xMax * (Self.width - Self.left - 10) }
        func y(_ value: Double) -> Double {
            Self.height - Self.bottom - value / yMax * (Self.height - Self.bottom - Self.top)
        }
        var parts = [text(title, x: Self.left, y: 16)]
        for tick in xTicks where tick.x <= xMax {
            parts.append(text(tick.text, x: x(tick.x), y: Self.height - 6))
            parts.append(line(x(tick.x), y(0), x(tick.x), y(yMax)))
        }
        for part in 0...4 {
            let value = yMax * Double(part) / 4
            parts.append(text(value.formatted(.number.precision(.significantDigits(1...3))), x: 4, y: y(value) + 4))
            parts.append(line(Self.left, y(value), x(xMax), y(value)))
        }
        for (index, one) in lines.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            let path = one.points.map { "\(Self.short(x($0.x))),\(Self.short(y($0.y)))" }.joined(separator: " ")
            parts.append("<polyline fill='none' stroke='\(colour)' stroke-width='2' points='\(path)'/>")
            parts.append(text(one.name, x: Self.left + 8, y: Self.top + 14 + 15 * Double(index), colour: colour))
        }
        return "<svg viewBox='0 0 \(Int(Self.width)) \(Int(Self.height))' role='img'>\(parts.joined())</svg>"
    }

    private func text(_ text: String, x: Double, y: Double, colour: String = "currentColor") -> String {
        "<text x='\(Self.short(x))' y='\(Self.short(y))' fill='\(colour)'>\(Report.escaped(text))</text>"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        let ends = zip(["x1", "y1", "x2", "y2"], [x1, y1, x2, y2]).map { "\($0)='\(Self.short($1))'" }
        return "<line \(ends.joined(separator: " ")) stroke='#8884'/>"
    }

    private static func short(_ value: Double) -> String { String(Int(value.rounded())) }
}
