import Postgres
import Testing

@testable import AuthService

@Suite("The cursor of ended sessions") struct RevocationCursorTests {
    @Test(arguments: ["742:742:", "742:745:742,744", "1:9223372036854775807:1"])
    func aSnapshotIsWrittenForAQueryAndReadBack(snapshot: String) throws {
        let cursor = try #require(RevocationCursor(epoch: "7440823419023847652-00000001", snapshot: snapshot))
        #expect(RevocationCursor(cursor.description) == cursor)
        // RFC 3986, section 3.4: all of these stand in a query as they are.
        let legal = Set("0123456789-.:,".utf8)
        #expect(cursor.description.utf8.allSatisfy { legal.contains($0) })
    }

    @Test func itsPartsAreWhatPostgreSQLSaid() throws {
        let cursor = try #require(RevocationCursor(epoch: "1-1", snapshot: "742:745:742,744"))
        #expect(cursor.snapshot.xmin == 742 && cursor.snapshot.xmax == 745 && cursor.snapshot.inProgress == [742, 744])
        #expect(cursor.description == "1-1.742:745:742,744")
    }

    @Test(arguments: [
        "", "1", "....", "1.2:3", ".1:2:", "a.5:4:", "a.1:2:x", "a.-1:2:", "a.1:9223372036854775808:", "a'b.1:2:",
        "a.1:2:3:4", "a.1: 2:", "a.+1:2:", "a.1:2:.x",
    ])
    func anythingElseIsNoCursor(text: String) {
        #expect(RevocationCursor(text) == nil)
    }
}

@Suite("Address prefixes") struct AddressPrefixTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2::1", "20:1:d:b8:0:1:0:2/64"),
        ("2001:db8:1:2:ffff::9", "20:1:d:b8:0:1:0:2/64"), ("unknown", "unknown"),
    ])
    func anAddressIsCountedWithItsNetwork(address: String, prefix: String) {
        #expect(AddressPrefix(address).prefix == prefix)
        #expect(AddressPrefix(address).address == address)
    }
}
