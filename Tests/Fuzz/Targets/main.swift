import CFuzzer
import Glibc

// `./parley fuzz` builds and runs this. The arguments are libFuzzer's own.

/// What each target does with one input: it must not trap, hang or take much memory, and may ``require(_:_:)`` more.
let targets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
    "client-json": { fuzz(clientJSON, $0, $1) },
    "frames": { fuzz(frames, $0, $1) },
    "handshake": { fuzz(handshake, $0, $1) },
    "internal-json": { fuzz(internalJSON, $0, $1) },
    "passkeys": { fuzz(passkeys, $0, $1) },
    "tokens": { fuzz(tokens, $0, $1) },
]

guard let target = getenv("PARLEY_FUZZ_TARGET").flatMap({ targets[String(cString: $0)] }) else {
    print(targets.keys.sorted().joined(separator: "\n"))
    exit(2)
}
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments, target))
