import CMalloc

/// What the C library is told about memory.
package enum ProcessMemory {
    /// By default threads get up to eight pools a core, and what one of them freed the others cannot use. The services'
    /// few threads hardly ever wait for each other with two: 10,000 idle connections took 11.2 KB each in the gateway
    /// before, and 10.0 KB with this alone (docs/performance.md).
    static func shareArenas() { mallopt(M_ARENA_MAX, 2) }

    /// Gives pages back to the system of which nothing is in use.
    package static func release() { malloc_trim(0) }
}
