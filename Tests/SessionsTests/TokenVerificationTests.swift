import JSONTree
import Sessions
import Testing
import Wire

struct TokenVerificationTests {
    static let now = 1_790_000_000

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var secretSeed: UInt64 = 1
        var clusterName = "cloud"
        var key: UInt8 = 1
        var time = now
        var boundName: String?
        /// When and by which key the token was used before.
        var use: (time: Int, key: UInt8)?
        var isKnown = true
        /// Which cluster was shut out when the token was there.
        var excluded: String?
        var expected: String
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "good", expected: "accepted"),
        Case(name: "good in its last second", time: now + 900, expected: "accepted"),
        Case(name: "bound to this name", boundName: "cloud", expected: "accepted"),
        Case(name: "unknown", isKnown: false, expected: "refused"),
        Case(name: "shut out meanwhile", excluded: "id-of-cloud", expected: "refused"),
        Case(name: "another one was shut out meanwhile", excluded: "id-of-other", expected: "accepted"),
        Case(name: "shut out just after its use", use: (now, 1), excluded: "id-of-cloud", expected: "refused"),
        Case(name: "wrong secret", secretSeed: 2, expected: "refused"),
        Case(name: "expired", time: now + 901, expected: "refused"),
        Case(name: "bound to another name", boundName: "other", expected: "refused"),
        Case(name: "used by another key", use: (now, 2), expected: "refused"),
        Case(name: "used by the same key just now", use: (now - 1, 1), expected: "repeated"),
        Case(name: "used by the same key ten seconds ago", use: (now - 10, 1), expected: "repeated"),
        Case(name: "used by the same key eleven seconds ago", use: (now - 11, 1), expected: "refused"),
        Case(name: "used by the same key in the future", use: (now + 5, 1), expected: "refused"),
        Case(name: "used by the same key, wrong secret", secretSeed: 2, use: (now, 1), expected: "refused"),
        Case(
            name: "used by the same key, another name", clusterName: "other", boundName: "cloud", use: (now, 1),
            expected: "refused"),
        Case(
            name: "used just before its end, asked again after", time: now + 905, use: (now + 899, 1),
            expected: "repeated"),
    ]

    @Test("who gets a certificate, and who does not (F10, A2)", arguments: cases)
    func table(test: Case) throws {
        let token = try PeerTokenTests.token()
        var record: TokenRecord? = try TokenRecord(
            token: token, secretHash: fakeHash(token.secret), now: Self.now, boundName: test.boundName)
        if let use = test.use { record = record?.used(at: use.time, keyHash: [use.key]) }
        if let id = test.excluded { record = record?.excluding(id, name: "a name") }
        if !test.isKnown { record = nil }
        var comparisons = 0
        let result = TokenVerification.verify(
            record,
            presented: .init(
                secretHash: fakeHash(try PeerTokenTests.token(test.secretSeed).secret), clusterName: test.clusterName,
                clusterID: "id-of-\(test.clusterName)", keyHash: [test.key], issuer: .agent), now: test.time
        ) {
            comparisons += 1
            return $0 == $1
        }
        #expect(comparisons >= 1, "the secret is compared even where there is nothing to compare it with")
        switch result {
        case .accepted(let updated):
            #expect(test.expected == "accepted")
            #expect(updated.use == .init(time: test.time, keyHash: [test.key]))
        case .repeated(let same):
            #expect(test.expected == "repeated")
            #expect(same == record)
        case .refused:
            #expect(test.expected == "refused")
        }
    }

    @Test("a record survives its Secret, used and unused, bound and free")
    func secretData() throws {
        let token = try PeerTokenTests.token()
        for name in [nil, "cloud"] as [String?] {
            var record = try TokenRecord(
                token: token, secretHash: fakeHash(token.secret), now: Self.now, lifetime: 60, boundName: name)
            #expect(try TokenRecord(secretData: record.secretData) == record)
            record = record.used(at: Self.now + 5, keyHash: fakeHash([1]))
            #expect(try TokenRecord(secretData: record.secretData) == record)
            record = try #require(record.excluding("id-2", name: "rome")?.excluding("id-1", name: "milan"))
            #expect(record.excluded == ["id-1", "id-2"])
            #expect(try TokenRecord(secretData: record.secretData) == record)
            #expect(!record.secretData.text().contains(token.secretText))
        }
    }

    @Test("a token that was made for whom is shut out, or that too many are shut out of, is kept for nobody (A2)")
    func exclusion() throws {
        let token = try PeerTokenTests.token()
        func record(for name: String?) throws -> TokenRecord {
            try TokenRecord(token: token, secretHash: [], now: Self.now, boundName: name)
        }
        #expect(try record(for: "rome").excluding("id", name: "rome") == nil)
        #expect(try record(for: "rome").excluding("id", name: "milan")?.excluded == ["id"])
        var free = try record(for: nil)
        for number in 0..<TokenRecord.maximumExcluded {
            free = try #require(free.excluding("id-\(number)", name: "rome"))
        }
        #expect(free.excluding("id-0", name: "rome") == free)
        #expect(free.excluding("one more", name: "rome") == nil)
    }

    @Test("a broken Secret is an error, not a token", arguments: ["id", "hash", "expiry", "usedAt"])
    func brokenSecret(key: String) throws {
        let token = try PeerTokenTests.token()
        let record = try TokenRecord(token: token, secretHash: fakeHash(token.secret), now: Self.now)
            .used(at: Self.now, keyHash: [1])
        var data = record.secretData
        data[key] = "%%%"
        #expect(throws: TokenError.self) { try TokenRecord(secretData: data) }
        data[key] = "AAAA"
        #expect(throws: TokenError.self) { try TokenRecord(secretData: data) }
        data[key] = nil
        if key != "usedAt" { #expect(throws: TokenError.self) { try TokenRecord(secretData: data) } }
        #expect(throws: TokenError.self) { try TokenRecord(secretData: nil) }
    }

    @Test(
        "a token lives a second to a day",
        arguments: [(0, false), (1, true), (86_400, true), (86_401, false), (-5, false)])
    func lifetimes(seconds: Int, isAllowed: Bool) throws {
        let token = try PeerTokenTests.token()
        let record = try? TokenRecord(token: token, secretHash: [], now: Self.now, lifetime: seconds)
        #expect((record != nil) == isAllowed)
    }

    @Test("a record is over when nobody can get an answer with it")
    func over() throws {
        let token = try PeerTokenTests.token()
        let record = try TokenRecord(token: token, secretHash: [], now: Self.now, lifetime: 60)
        #expect(!record.isOver(now: Self.now + 60))
        #expect(record.isOver(now: Self.now + 61))
        let used = record.used(at: Self.now + 1, keyHash: [])
        #expect(!used.isOver(now: Self.now + 11))
        #expect(used.isOver(now: Self.now + 12))
    }
}
