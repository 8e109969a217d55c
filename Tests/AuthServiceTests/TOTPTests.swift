import ChatProtocol
import Testing

@testable import AuthService

@Suite("One-time passwords") struct TOTPTests {
    /// Of RFC 6238, appendix B.
    private static let secret = Array("12345678901234567890".utf8)

    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
    func codesAreThoseOfTheRFC(seconds: Int64, code: String) {
        let step = TOTP.step(at: Timestamp(milliseconds: seconds * 1000))
        #expect(TOTP.code(Self.secret, step: step, digits: 8) == code)
        #expect(TOTP.code(Self.secret, step: step) == String(code.suffix(6)))
    }

    @Test func aCodeIsGoodInItsOwnStepAndTheTwoBesideIt() {
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        let now = TOTP.step(at: time)
        for step in now - 3...now + 3 {
            let found = TOTP.step(of: TOTP.code(Self.secret, step: step), secret: Self.secret, at: time, after: 0)
            #expect(found == (abs(step - now) <= 1 ? step : nil))
        }
    }

    @Test func noCodeIsTakenTwiceNorOneFromBeforeIt() {
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        let now = TOTP.step(at: time)
        for (step, found) in [(now - 1, nil), (now, nil), (now + 1, now + 1)] {
            let code = TOTP.code(Self.secret, step: step)
            #expect(TOTP.step(of: code, secret: Self.secret, at: time, after: now) == found)
        }
    }

    @Test(arguments: ["", "05047", "0504710", "05047a", "０５０４７１", "-50471", "050 47", "050471\n", "999999"])
    func anythingElseIsNoCode(_ text: String) {
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        #expect(TOTP.step(of: text, secret: Self.secret, at: time, after: 0) == nil)
        #expect(TOTP.step(of: "050 471", secret: Self.secret, at: time, after: 0) != nil)
    }

    @Test func twoSecretsAreNotTheSame() {
        #expect(TOTP.makeSecret().count == 20 && TOTP.makeSecret() != TOTP.makeSecret())
    }

    @Test func anAppIsToldNameIssuerAndSecret() {
        let uri = TOTP.uri(secret: Self.secret, username: "ada.l-1_2")
        #expect(
            uri == "otpauth://totp/Parley:ada.l-1_2?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Parley"
                + "&algorithm=SHA1&digits=6&period=30")
    }
}

@Suite("Base32 and recovery codes") struct RecoveryCodeTests {
    /// RFC 4648, section 10, without the padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func base32IsThatOfTheRFC(text: String, encoded: String) { #expect(Base32.encode(Array(text.utf8)) == encoded) }

    @Test func aCodeIsReadHoweverItIsTyped() throws {
        let code = RecoveryCode()
        #expect(code.text.split(separator: "-").map(\.count) == [4, 4, 4, 4])
        for text in [code.text, code.text.uppercased(), code.text.filter { $0 != "-" }, " " + code.text + " "] {
            #expect(RecoveryCode(text) == code)
        }
    }

    @Test(arguments: ["", "abcd", "abcd-efgh-ijkl-mnopq", "abcd-efgh-ijkl-mno\u{301}", "abcd\nefgh-ijkl-mnop"])
    func whatIsNoCodeIsNotRead(_ text: String) { #expect(RecoveryCode(text) == nil) }

    @Test func aHashIsOfOneUserAndOneCode() {
        let (ada, bob, code) = (UserID.make(), UserID.make(), RecoveryCode())
        #expect(code.hash(for: ada) == RecoveryCode(code.text)?.hash(for: ada))
        #expect(code.hash(for: ada) != code.hash(for: bob))
        #expect(code.hash(for: ada) != RecoveryCode().hash(for: ada))
    }
}
