/// Hands one input of libFuzzer to a target.
func fuzz(_ target: ([UInt8]) -> Void, _ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

/// An invariant: ends the process, so that libFuzzer keeps the input, where it does not hold.
func require(_ holds: Bool, _ invariant: String) {
    if !holds { fatalError("broken: \(invariant)") }
}

/// What must not throw, whatever the input.
func must(_ body: () throws -> Void) {
    do {
        try body()
    } catch {
        fatalError("broken: \(error)")
    }
}
