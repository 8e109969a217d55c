import ChatProtocol
import ServiceKit
import Testing

@testable import AuthService

@Suite("Passwords") struct PasswordTests {
    private func check(_ password: String) throws -> [UInt8] {
        let ada = try #require(Username("ada.lovelace"))
        return try NewPassword(checking: password, of: ada).bytes
    }

    @Test(arguments: [
        "eight 8!", "пароль из слов", String(repeating: "🦜", count: 128), " spaces at both ends ", "aaaaaaab",
    ])
    func aPasswordOfAnyUnicodeIsTakenWhole(password: String) throws {
        #expect(try check(password) == Array(password.utf8))
    }

    @Test(arguments: [
        "", "short", "1234567", String(repeating: "x", count: 129), "password", "PassWord", "12345678", "qwertyuiop",
        "iloveyou", "contraseña", "Ada.Lovelace",
    ])
    func aShortLongOrWellKnownPasswordIsRefused(password: String) {
        #expect(throws: ParleyError.self) { try check(password) }
    }

    @Test func aTextThatIsFarTooLongIsRefusedForItsLengthAndNeverComposed() {
        // In two runs of marks of different classes, whose order takes the square of their number to find.
        let marks =
            "x" + String(repeating: "\u{305}", count: 2_000_000) + String(repeating: "\u{316}", count: 2_000_000)
        #expect(throws: ParleyError(.badRequest, "a password must be 8 to 128 characters")) { try check(marks) }
    }

    @Test func aCharacterIsOneHoweverItIsComposed() throws {
        #expect(try check("e\u{301}e\u{301}e\u{301}e\u{301} 27!") == Array("\u{E9}\u{E9}\u{E9}\u{E9} 27!".utf8))
        #expect(throws: ParleyError.self) { try check("e\u{301}e\u{301}e\u{301}e\u{301}") }
        #expect(throws: ParleyError.self) { try check("contrasen\u{303}a") }
        // Not NFKC: a ligature is not its letters.
        #expect(try check("\u{FB01}nally 27!") == Array("\u{FB01}nally 27!".utf8))
        let longest = String(repeating: "\u{1112}\u{1161}\u{11AB}", count: 128)
        #expect(try check(longest).count == 384 && longest.utf8.count <= NewPassword.presentedBytesMax)
    }

    @Test(arguments: ["wonderwoman", "anna12345", "1Winston", "correcthorsebatterystaple", "пароль123", "Princess12"])
    func theListKnowsWhatGuessersKnow(password: String) {
        #expect(throws: ParleyError.self) { try check(password) }
    }

    @Test func theListHoldsOnlyWhatTheLengthLetsThrough() {
        let words = CommonPasswords.text.split(whereSeparator: \.isWhitespace)
        #expect(words.count > 10_000)
        #expect(words.allSatisfy { $0.unicodeScalars.count >= 8 && $0.lowercased() == $0 })
        #expect(Set(words).count == words.count)
    }

    @Test func aHashHoldsItsParametersAndItsOwnSalt() throws {
        let password = Array("correct horse".utf8)
        let first = try Argon2id.hash(password, .bench)
        let second = try Argon2id.hash(password, .bench)
        #expect(first.hasPrefix("$argon2id$v=19$m=1024,t=1,p=1$"))
        #expect(first != second)
        #expect(Argon2Parameters(of: first) == .bench)
        #expect(try Argon2id.verify(password, against: first))
        #expect(try !Argon2id.verify(password + [0], against: first))
        #expect(throws: Argon2id.Failure.self) { try Argon2id.verify(password, against: "not a hash") }
    }

    @Test func aHashByTheReferenceImplementationVerifies() throws {
        // From the test suite of the reference implementation, phc-winner-argon2/src/test.c.
        let known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        #expect(try Argon2id.verify(Array("password".utf8), against: known))
    }

    @Test(arguments: ["", "$argon2i$v=19$m=1,t=1,p=1$a$b", "$argon2id$v=19$m=x,t=1,p=1$a$b", "$argon2id$v=19$t=1$a$b"])
    func parametersOfWhatIsNoArgon2idHashAreNone(encoded: String) {
        #expect(Argon2Parameters(of: encoded) == nil)
    }

    @Test func aHasherVerifiesAndDoesTheSameWorkForNobody() async throws {
        let hasher = try PasswordHasher(threads: 2, queueMax: 8, profile: .bench)
        defer { hasher.close() }
        let password = Array("correct horse".utf8)
        let hash = try await hasher.hash(password)
        #expect(try await hasher.verify(password, against: hash))
        #expect(try await !hasher.verify(Array("another".utf8), against: hash))
        #expect(try await !hasher.verify(password, against: nil))
    }

    @Test func aFullQueueRefusesAtOnceAndLosesNothing() async throws {
        let hasher = try PasswordHasher(threads: 1, queueMax: 4, profile: .standard)
        defer { hasher.close() }
        let outcomes = await withTaskGroup(of: ErrorCode?.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do {
                        _ = try await hasher.hash([1, 2, 3])
                        return nil
                    } catch {
                        return (error as? ParleyError)?.code ?? .internal
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = outcomes.compactMap { $0 }
        #expect(outcomes.count == 40)
        #expect(!refused.isEmpty && refused.allSatisfy { $0 == .unavailable })
        #expect(refused.count < 40)
    }

    @Test func onlyCheaperHashesAreOutdatedAndNeverUnderBench() throws {
        let standard = try PasswordHasher(threads: 1, queueMax: 1, profile: .standard)
        let bench = try PasswordHasher(threads: 1, queueMax: 1, profile: .bench)
        defer {
            standard.close()
            bench.close()
        }
        let cheap = try Argon2id.hash([1], .bench)
        let dear = try Argon2id.hash([1], .standard)
        #expect(standard.isOutdated(cheap) && !standard.isOutdated(dear))
        #expect(!bench.isOutdated(cheap) && !bench.isOutdated(dear))
    }
}
