/// Writes a ZIP archive piece by piece, without ever going back: what is in it is stored as it is, and the length and the
/// checksum of a file follow it (a *data descriptor*). A value without I/O: it says which bytes come next.
///
/// Without the ZIP64 extensions: less than 4 GiB and less than 65,535 files. Names are ASCII.
/// - SeeAlso: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
struct ZipWriter {
    /// Bytes of the whole, what ``finish()`` writes included.
    static let bytesMax = Int(UInt32.max)
    static let filesMax = 65_534
    private static let endBytes = 22
    private static let directoryEntryBytes = 46

    private struct File {
        let name: [UInt8]
        let offset: Int
        var checksum = CRC32()
        var size = 0
    }

    /// Bytes written so far.
    private(set) var count = 0
    private let time: DOSTime
    private var files: [File] = []
    private var directoryBytes = 0

    /// - Parameter time: what the files are said to be of.
    init(time: DOSTime) { self.time = time }

    /// Whether there is room for a file of so many bytes.
    func hasRoom(for bytes: Int, named name: String) -> Bool {
        let name = name.utf8.count
        let directory = directoryBytes + Self.directoryEntryBytes + name
        return files.count < Self.filesMax
            && count + 30 + name + bytes + 16 + directory + Self.endBytes <= Self.bytesMax
    }

    /// Begins a file.
    mutating func begin(_ name: String) -> [UInt8] {
        let file = File(name: Array(name.utf8), offset: count)
        var header: [UInt8] = []
        header.append(little: UInt32(0x0403_4B50))
        header += Self.common(time, checksum: 0, size: 0, name: file.name)
        header += file.name
        files.append(file)
        directoryBytes += Self.directoryEntryBytes + file.name.count
        count += header.count
        return header
    }

    /// Notes a piece of the file that was begun last; it is written as it is.
    mutating func add(_ piece: [UInt8]) {
        files[files.count - 1].checksum.add(piece)
        files[files.count - 1].size += piece.count
        count += piece.count
    }

    /// Ends the file that was begun last.
    mutating func end() -> [UInt8] {
        guard let file = files.last else { return [] }
        var descriptor: [UInt8] = []
        descriptor.append(little: UInt32(0x0807_4B50))
        descriptor.append(little: file.checksum.value)
        descriptor.append(little: UInt32(file.size))
        descriptor.append(little: UInt32(file.size))
        count += descriptor.count
        return descriptor
    }

    /// The directory, with which the archive ends.
    mutating func finish() -> [UInt8] {
        var directory: [UInt8] = []
        directory.reserveCapacity(directoryBytes + Self.endBytes)
        for file in files {
            directory.append(little: UInt32(0x0201_4B50))
            // Made by version 2.0 on Unix, which gives the permissions a meaning.
            directory.append(little: UInt16(0x0314))
            directory += Self.common(time, checksum: file.checksum.value, size: file.size, name: file.name)
            for _ in 0..<3 { directory.append(little: UInt16(0)) }  // comment, disk, internal attributes
            directory.append(little: UInt32(0o100_644) << 16)
            directory.append(little: UInt32(file.offset))
            directory += file.name
        }
        let start = count
        let length = directory.count
        directory.append(little: UInt32(0x0605_4B50))
        for _ in 0..<2 { directory.append(little: UInt16(0)) }
        for _ in 0..<2 { directory.append(little: UInt16(files.count)) }
        directory.append(little: UInt32(length))
        directory.append(little: UInt32(start))
        directory.append(little: UInt16(0))
        count += directory.count
        return directory
    }

    /// The fields that both headers of a file have, from "version needed" to the length of the extra field.
    private static func common(_ time: DOSTime, checksum: UInt32, size: Int, name: [UInt8]) -> [UInt8] {
        var fields: [UInt8] = []
        fields.append(little: UInt16(20))
        fields.append(little: UInt16(1 << 3))  // lengths and checksum follow the file
        fields.append(little: UInt16(0))  // stored
        fields.append(little: time.time)
        fields.append(little: time.date)
        fields.append(little: checksum)
        fields.append(little: UInt32(size))
        fields.append(little: UInt32(size))
        fields.append(little: UInt16(name.count))
        fields.append(little: UInt16(0))
        return fields
    }
}

/// A moment as ZIP has it: to two seconds, since 1980.
struct DOSTime {
    let date: UInt16
    let time: UInt16

    /// - Parameter text: RFC 3339, as the protocol writes times.
    init(rfc3339 text: String) {
        let numbers = text.split { !$0.isNumber }.compactMap { UInt16($0) }
        guard numbers.count >= 6, numbers[0] >= 1980, numbers[0] < 2108 else {
            (date, time) = (1 << 5 | 1, 0)
            return
        }
        date = (numbers[0] - 1980) << 9 | numbers[1] << 5 | numbers[2]
        time = numbers[3] << 11 | numbers[4] << 5 | numbers[5] / 2
    }
}

/// The checksum of ZIP (ITU-T V.42, polynomial 0xEDB88320).
struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
    }

    private var state = UInt32.max

    var value: UInt32 { ~state }

    mutating func add(_ bytes: [UInt8]) {
        var state = state
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes { state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }
        }
        self.state = state
    }
}

extension [UInt8] {
    fileprivate mutating func append(little value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
