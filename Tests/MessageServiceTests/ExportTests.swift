import ChatProtocol
import Foundation
import Testing

@testable import MessageService

@Suite("An archive")
struct ZipWriterTests {
    private func archive(_ files: [(name: String, pieces: [String])]) -> [UInt8] {
        var zip = ZipWriter(time: DOSTime(rfc3339: "2026-11-23T21:56:07.123Z"))
        var bytes: [UInt8] = []
        for file in files {
            bytes += zip.begin(file.name)
            for piece in file.pieces {
                zip.add(Array(piece.utf8))
                bytes += piece.utf8
            }
            bytes += zip.end()
        }
        bytes += zip.finish()
        #expect(bytes.count == zip.count)
        return bytes
    }

    /// What another program says of an archive.
    private func python(_ script: String, _ archive: [UInt8]) throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).zip")
        try Data(archive).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\n" + script, file.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: said, as: UTF8.self)
    }

    @Test("is read by another program: names, contents, checksums, time")
    func readable() throws {
        let bytes = archive([
            ("a.txt", ["hello ", "world"]), ("empty", []), ("folder/ü.html".replacing("ü", with: "u"), ["é😀\n"]),
        ])
        let said = try python(
            """
            assert z.testzip() is None
            for i in z.infolist(): print(i.filename, i.date_time, oct(i.external_attr >> 16), z.read(i).decode())
            """, bytes)
        #expect(
            said == """
                a.txt (2026, 11, 23, 21, 56, 6) 0o100644 hello world
                empty (2026, 11, 23, 21, 56, 6) 0o100644 
                folder/u.html (2026, 11, 23, 21, 56, 6) 0o100644 é😀


                """)
    }

    @Test("without any file is one as well, and one of many files")
    func extremes() throws {
        #expect(try python("print(len(z.namelist()))", archive([])) == "0\n")
        let many = archive((0..<3000).map { ("chats/\($0).json", ["\($0)"]) })
        #expect(
            try python("print(z.testzip(), len(z.namelist()), z.read('chats/2999.json'))", many)
                == "None 3000 b'2999'\n")
    }

    @Test("says where it would be too large before it is")
    func bounded() {
        var zip = ZipWriter(time: DOSTime(rfc3339: "x"))
        #expect(zip.hasRoom(for: 4_294_000_000, named: "a"))
        #expect(!zip.hasRoom(for: ZipWriter.bytesMax, named: "a"))
        for number in 0..<ZipWriter.filesMax { _ = zip.begin("\(number)") }
        #expect(!zip.hasRoom(for: 1, named: "a"))
    }

    @Test("has the checksum that the standard gives as its example")
    func checksum() {
        var checksum = CRC32()
        checksum.add(Array("1234".utf8))
        checksum.add(Array("56789".utf8))
        #expect(checksum.value == 0xCBF4_3926)
    }
}

@Suite("A page of an export")
struct ExportPagesTests {
    private func message(_ body: String, form: Message.Form = .whole) -> Message {
        Message(
            chat: ChatHash(high: 1, low: 2), seq: 1, id: .make(), from: .make(),
            body: MessageBody(stored: Array(body.utf8)), sentAt: Timestamp(milliseconds: 0), form: form)
    }

    @Test(
        "holds no markup of those who write",
        arguments: [
            "<script>alert(1)</script>", "</p><img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)",
            "'><svg/onload=a>",
            "&lt;script&gt;", "]]><!--", "\u{202E}<b>", "</title></style><script>",
        ])
    func escaped(text: String) {
        for page in [
            ExportPages.message(message(text), from: text), ExportPages.link(to: "a.html", text, from: 1, to: 2),
            ExportPages.head(text),
        ] {
            let own = page.replacing(ExportPages.escaped(text), with: "")
            #expect(!own.contains(text))
            #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("<svg"))
            #expect(page.contains(ExportPages.escaped(text)))
        }
        let escaped = ExportPages.escaped(text)
        #expect(!escaped.contains { "<>\"'".contains($0) })
    }

    @Test("names nothing outside of itself and allows no script")
    func policy() {
        let page = ExportPages.head("x") + ExportPages.foot
        #expect(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""))
        for word in ["http:", "https:", "src=", "href=", "url(", "@import"] { #expect(!page.contains(word)) }
    }

    @Test("says of a hidden and of an erased message what it is, and nothing else")
    func forms() {
        let hidden = ExportPages.message(message("secret", form: .hidden), from: "Ada")
        let erased = ExportPages.message(message("secret", form: .erased), from: "Ada")
        #expect(!hidden.contains("secret") && hidden.contains("blocked"))
        #expect(!erased.contains("secret") && erased.contains("Erased"))
    }
}
