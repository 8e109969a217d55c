import Foundation

/// CPU time and memory of process groups, read from /proc.
struct ProcessCost {
    /// Seconds of CPU by group, children included.
    let cpu: [String: Double]
    /// Resident bytes by group.
    let resident: [String: Int]

    /// Measures now. `generator` is this process.
    static func measure(_ groups: [String: [Int32]]) -> ProcessCost {
        var all = groups
        all["generator"] = [ProcessInfo.processInfo.processIdentifier]
        let children = parents()
        var cpu: [String: Double] = [:]
        var resident: [String: Int] = [:]
        for (name, pids) in all {
            let family = pids + pids.flatMap { children[$0] ?? [] }
            cpu[name] = family.map(cpuSeconds).reduce(0, +)
            resident[name] = family.map(residentBytes).reduce(0, +)
        }
        return ProcessCost(cpu: cpu, resident: resident)
    }

    /// CPU seconds between two measurements.
    func cpu(since start: ProcessCost) -> [String: Double] {
        cpu.reduce(into: [:]) { $0[$1.key] = $1.value - (start.cpu[$1.key] ?? 0) }
    }

    private static func parents() -> [Int32: [Int32]] {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return pids.reduce(into: [:]) { children, pid in
            if let parent = stat(pid).flatMap({ Int32($0[1]) }) { children[parent, default: []].append(pid) }
        }
    }

    /// The fields of /proc/PID/stat after the command's name (proc(5)): state, ppid, …
    private static func stat(_ pid: Int32) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func cpuSeconds(_ pid: Int32) -> Double {
        guard let fields = stat(pid), fields.count > 14 else { return 0 }
        // utime, stime; and of children that were waited for: cutime, cstime.
        return (11...14).compactMap { Double(fields[$0]) }.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func residentBytes(_ pid: Int32) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
