/// A clock that stands still between events: whatever is planned happens at its own millisecond, in the order in which
/// it was planned.
final class VirtualTime {
    private struct Planned {
        let at: Int
        let order: Int
        let run: () -> Void
    }

    private(set) var now = 0
    private var planned: [Planned] = []
    private var order = 0

    func after(_ milliseconds: Int, _ run: @escaping () -> Void) {
        order += 1
        let event = Planned(at: now + max(0, milliseconds), order: order, run: run)
        // Later events first, so that the next one is taken off the end.
        var (low, high) = (0, planned.count)
        while low < high {
            let middle = (low + high) / 2
            if planned[middle].at > event.at { low = middle + 1 } else { high = middle }
        }
        planned.insert(event, at: low)
    }

    func run(until end: Int) {
        while let next = planned.last, next.at <= end {
            planned.removeLast()
            now = next.at
            next.run()
        }
        now = end
    }
}
