import ChatProtocol
import Testing
import Tokens

@testable import AuthService

@Suite("Refresh tokens") struct RefreshTokenTests {
    private let key: RefreshKey
    private let session = SessionID.make()

    init() throws {
        key = RefreshKey(try #require(DeploymentSecret(Array(repeating: 7, count: 32))))
    }

    @Test func aTokenIsReadBackFromItsText() throws {
        let token = RefreshToken(for: session, key: key)
        let read = try #require(RefreshToken(token.text))
        #expect(read == token && read.session == session && read.hash == token.hash)
        #expect(read.isAuthentic(by: key))
    }

    @Test func twoTokensOfOneSessionDiffer() {
        #expect(RefreshToken(for: session, key: key).hash != RefreshToken(for: session, key: key).hash)
    }

    @Test(arguments: ["", "x", "a.b.c", "🦜", String(repeating: "A", count: 5000), String(repeating: "A", count: 85)])
    func whatIsNoTokenIsNotRead(text: String) {
        #expect(RefreshToken(text) == nil)
    }

    @Test func aPaddedTokenIsNotRead() {
        #expect(RefreshToken(RefreshToken(for: session, key: key).text + "==") == nil)
    }

    @Test func aTokenSomebodyMadeUpIsNotAuthentic() throws {
        let bytes = session.bytes + Array(repeating: 1, count: 48)
        #expect(try !#require(RefreshToken(Base64URL.encode(bytes))).isAuthentic(by: key))
        let other = RefreshKey(try #require(DeploymentSecret(Array(repeating: 8, count: 32))))
        #expect(!RefreshToken(for: session, key: other).isAuthentic(by: key))
    }

    @Test func onlyTheHolderOfATokenOpensItsSuccessor() throws {
        let token = RefreshToken(for: session, key: key)
        let successor = RefreshToken(for: session, key: key)
        let sealed = try token.seal(successor)
        #expect(token.openSuccessor(sealed) == successor)
        #expect(RefreshToken(for: session, key: key).openSuccessor(sealed) == nil)
        #expect(token.openSuccessor(sealed.dropLast() + [sealed[sealed.count - 1] ^ 1]) == nil)
        #expect(token.openSuccessor([]) == nil)
    }

    @Test func aCookieIsTakenFromThePagesOwnHostOnly() {
        #expect(RefreshCookie.isSame(origin: "https://chat.example", host: "chat.example"))
        #expect(RefreshCookie.isSame(origin: "http://127.0.0.1:8080", host: "127.0.0.1:8080"))
        #expect(RefreshCookie.isSame(origin: "https://Chat.Example", host: "chat.example"))
        for (origin, host) in [
            (nil, "chat.example"), ("null", "chat.example"), ("https://evil.example", "chat.example"),
            ("https://chat.example.evil.example", "chat.example"), ("https://chat.example:8443", "chat.example"),
            ("https://", ""), ("https://chat.example", nil),
        ] as [(String?, String?)] {
            #expect(!RefreshCookie.isSame(origin: origin, host: host))
        }
    }
}

@Suite("Sealed secrets") struct SealedSecretTests {
    @Test func aSecretOpensWithItsKeyInItsPlaceOnly() throws {
        let key = [UInt8](repeating: 1, count: 32)
        let sealed = try SealedSecret.seal([1, 2, 3], key: key, context: "kid")
        #expect(SealedSecret.open(sealed, key: key, context: "kid") == [1, 2, 3])
        #expect(SealedSecret.open(sealed, key: key, context: "other") == nil)
        #expect(SealedSecret.open(sealed, key: [UInt8](repeating: 2, count: 32), context: "kid") == nil)
    }
}
