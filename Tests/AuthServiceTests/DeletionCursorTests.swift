import Postgres
import Testing

@testable import AuthService

@Suite("Cursors of deletions") struct DeletionCursorTests {
    private static let user = "0196b0a2-7c1e-7000-8000-000000000001"

    @Test(arguments: ["1-1.5:9:5,7", "1-1.5:9:5,7.0196b0a2-7c1e-7000-8000-000000000001"])
    func aCursorIsReadAsItWasWritten(_ text: String) { #expect(DeletionCursor(text)?.description == text) }

    @Test(arguments: [
        "", ".", "1-1", "1-1.", "1-1.5:9", "1-1.5:9:.", "1-1.5:9:.nobody", "1-1.5:9:.\(user).\(user)", "..\(user)",
        "1-1.9:5:", "1-1.5:9:'", "a b.5:9:",
    ])
    func whatIsNoCursorIsNotRead(_ text: String) { #expect(DeletionCursor(text) == nil) }

    @Test func aSnapshotThatIsCutNamesWhatWasUnderWayBelowTheCut() throws {
        let snapshot = try #require(PostgresSnapshot("5:20:5,9,15"))
        #expect(snapshot.cut(after: 10).text == "5:11:5,9")
        #expect(snapshot.cut(after: 3).text == "4:4:")
        #expect(snapshot.cut(after: 0).text == "1:1:")
        #expect(snapshot.cut(after: 19).text == "5:20:5,9,15")
    }
}
