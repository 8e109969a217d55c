import ChatProtocol

#if canImport(Glibc)
    import Glibc
#endif

extension PrometheusMetrics {
    /// Adds what every process tells of itself, under the names that Prometheus' own client libraries use.
    package func addProcess(service: String, version: String) {
        let started = Timestamp.now.seconds
        read("process_start_time_seconds", "When this process began, in seconds since 1970.") { started }
        read("process_cpu_seconds_total", "CPU time of this process, user and system.", as: .counter) {
            ProcessState.cpuSeconds
        }
        read("process_resident_memory_bytes", "Memory of this process that is in RAM.") { ProcessState.residentBytes }
        read("process_open_fds", "Descriptors this process has open; each socket is one.") {
            ProcessState.openDescriptors
        }
        read("process_max_fds", "Descriptors this process may have open.") { ProcessState.descriptorsMax }
        read(
            "parley_build_info", "Always 1; which program of which version this is.",
            [("service", service), ("version", version)]
        ) { 1 }
        read("parley_clock_seconds", "This host's wall clock, in seconds since 1970, to be held against others'.") {
            Timestamp.now.seconds
        }
    }
}

/// What Linux says of this process (proc(5)); 0 where it does not say.
private enum ProcessState {
    static var cpuSeconds: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The second number of `/proc/self/statm`, in pages.
    static var residentBytes: Double {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count > 1, let pages = Double(words[1]) else { return 0 }
        return pages * Double(sysconf(CInt(_SC_PAGESIZE)))
    }

    /// Without the two entries every folder has, and the descriptor by which it is read.
    static var openDescriptors: Double {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        return Double(max(0, entries - 3))
    }

    static var descriptorsMax: Double {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Double(limit.rlim_cur)
    }
}

extension Timestamp {
    /// Seconds since 1970.
    package var seconds: Double { Double(milliseconds) / 1000 }
}
