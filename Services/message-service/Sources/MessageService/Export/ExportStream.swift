/// An archive on its way: gathers what is written into pieces of some size, and waits with each until it was taken.
struct ExportStream {
    typealias Sink = ([UInt8]) async throws -> Void

    /// Bytes that are gathered before they are handed on.
    private static let pieceBytes = 64 << 10

    private var zip: ZipWriter
    private var waiting: [UInt8] = []
    private let sink: Sink

    init(time: DOSTime, sink: @escaping Sink) {
        zip = ZipWriter(time: time)
        self.sink = sink
    }

    func hasRoom(for bytes: Int, named name: String) -> Bool { zip.hasRoom(for: bytes, named: name) }

    mutating func begin(_ name: String) async throws { try await put(zip.begin(name)) }

    mutating func add(_ text: String) async throws { try await add(Array(text.utf8)) }

    mutating func add(_ bytes: [UInt8]) async throws {
        zip.add(bytes)
        try await put(bytes)
    }

    mutating func end() async throws { try await put(zip.end()) }

    mutating func finish() async throws {
        waiting += zip.finish()
        try await sink(waiting)
        waiting = []
    }

    private mutating func put(_ bytes: [UInt8]) async throws {
        waiting += bytes
        guard waiting.count >= Self.pieceBytes else { return }
        try await sink(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
