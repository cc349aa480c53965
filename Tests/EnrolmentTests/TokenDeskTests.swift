import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Sessions
import TestKit
import Testing
import Wire

@testable import Enrolment

@Suite struct TokenDeskTests {
    private let cluster = FakeCluster()
    private var desk: TokenDesk { desk(at: 1000) }

    private func desk(at now: Int, role: PeerRole = .agent) -> TokenDesk {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return TokenDesk(cluster: cluster, role: role, logger: logger, now: { now })
    }

    private func token(
        lifetime: Int = 900, for name: String? = nil, issuer: PeerRole? = nil
    ) async throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: [UInt8](repeating: 1, count: 32))
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: 1000, lifetime: lifetime, boundName: name,
            issuer: issuer)
        _ = try await cluster.create(.secrets, record.secret)
        return token
    }

    private func redeem(
        _ token: PeerToken, key: UInt8 = 1, name: String = "cloud", secret: [UInt8]? = nil, at now: Int = 1000,
        by role: PeerRole = .agent
    ) async throws -> TokenDesk.Outcome {
        try await desk(at: now, role: role).redeem(
            id: token.id, secret: secret ?? token.secret, clusterName: name,
            clusterID: "id-of-\(name)", keyHash: [UInt8](repeating: key, count: 32), check: {})
    }

    @Test("of a hundred redeemers at once one succeeds (F10, A2)")
    func race() async throws {
        let token = try await token()
        let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for key in 0..<100 {
                group.addTask { try await redeem(token, key: UInt8(key)) == .redeemed }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
    }

    @Test("the same key may ask again for ten seconds, another may not, and nobody later (F10, A2)")
    func again() async throws {
        let token = try await token()
        #expect(try await redeem(token) == .redeemed)
        #expect(try await redeem(token, at: 1010) == .redeemed)
        #expect(try await redeem(token, key: 2, at: 1001) == .refused)
        #expect(try await redeem(token, at: 1011) == .refused)
    }

    @Test(
        "a token that is guessed at too often in a minute is good for nobody meanwhile, and others are not held up (A3)"
    )
    func guessed() async throws {
        let desk = desk
        let (token, other) = (try await token(), try await token())
        func ask(_ token: PeerToken, _ secret: [UInt8]) async throws -> TokenDesk.Outcome {
            try await desk.redeem(
                id: token.id, secret: secret, clusterName: "cloud", clusterID: "hub-1", keyHash: [1], check: {})
        }
        for guess in 0..<30 {
            #expect(try await ask(token, [UInt8](repeating: UInt8(guess), count: 32)) == .refused)
        }
        // The answer is that of any refusal: nobody learns that there is such a token.
        #expect(try await ask(token, token.secret) == .refused)
        #expect(try await ask(other, other.secret) == .redeemed)
        // It was not used up by that.
        #expect(try await redeem(token) == .redeemed)
    }

    @Test("every refusal costs the cluster the same: one look, and no word (F10)")
    func sameWork() async throws {
        let (used, late, bound, good) = (
            try await token(), try await token(lifetime: 10), try await token(for: "cloud"), try await token()
        )
        _ = try await redeem(used)
        let unknown = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: [UInt8](repeating: 1, count: 32))
        for (token, secret, name) in [
            (used, used.secret, "cloud"), (late, late.secret, "cloud"), (bound, bound.secret, "other"),
            (good, unknown.secret, "cloud"), (unknown, unknown.secret, "cloud"),
        ] {
            let counted = CountedCluster(cluster)
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let desk = TokenDesk(cluster: counted, role: .agent, logger: logger, now: { 1020 })
            let outcome = try await desk.redeem(
                id: token.id, secret: secret, clusterName: name, clusterID: "hub-1",
                keyHash: [UInt8](repeating: 9, count: 32), check: {})
            #expect(outcome == .refused)
            #expect(counted.calls == ["get"])
        }
    }

    @Test("a token that was made for the cluster's hub is worth nothing to its agent, and the other way round")
    func issuer() async throws {
        for role in PeerRole.allCases {
            let token = try await token(issuer: role)
            #expect(try await redeem(token, by: role.opposite) == .refused)
            #expect(try await redeem(token, by: role) == .redeemed)
        }
    }

    @Test("whom is shut out comes back by a new token only; others are not concerned (A2, A9)")
    func shutOut() async throws {
        let (bound, free, foreign) = (
            try await token(for: "cloud"), try await token(), try await token(for: "cloud", issuer: .hub)
        )
        try await desk.shutOut("id-of-cloud", name: "cloud")
        let later = try await token(for: "cloud")
        #expect(try await redeem(bound) == .refused)
        #expect(
            try await cluster.find(.secrets, namespace: Names.systemNamespace, name: Names.tokenRecord(bound.id)) == nil
        )
        #expect(try await redeem(free) == .refused)
        #expect(try await redeem(free, name: "sky") == .redeemed)
        #expect(try await redeem(foreign, by: .hub) == .redeemed, "it is the cluster's other daemon's")
        #expect(try await redeem(later) == .redeemed)
    }

    @Test("a token that was made after the end is good")
    func shutOutUntil() async throws {
        func made(_ token: PeerToken) async throws -> Int {
            let object = try await cluster.get(
                .secrets, namespace: Names.systemNamespace, name: Names.tokenRecord(token.id))
            return try #require(Timestamp.seconds(object.creationTimestamp))
        }
        let (early, late) = (try await token(for: "cloud"), try await token(for: "cloud"))
        #expect(try await made(early) < made(late))
        try await desk.shutOut("id-of-cloud", name: "cloud", madeUntil: try await made(early))
        #expect(try await redeem(early) == .refused)
        #expect(try await redeem(late) == .redeemed)
    }

    @Test("expired, wrong, unknown and another's tokens are refused (F10)")
    func refused() async throws {
        #expect(try await redeem(try await token(lifetime: 10), at: 1011) == .refused)
        let token = try await token(for: "cloud")
        #expect(try await redeem(token, name: "other") == .refused)
        #expect(try await redeem(token, secret: [UInt8](repeating: 0, count: 32)) == .refused)
        #expect(try await redeem(token, secret: []) == .refused)
        #expect(try await redeem(token) == .redeemed)
        let unknown = try await desk.redeem(
            id: "../../x", secret: token.secret, clusterName: "cloud", clusterID: "id-of-cloud", keyHash: [1], check: {}
        )
        #expect(unknown == .refused)
    }

    @Test("a token stays good when its bearer is not taken for another reason")
    func unused() async throws {
        struct No: Error {}
        let token = try await token()
        await #expect(throws: No.self) {
            _ = try await desk.redeem(
                id: token.id, secret: token.secret, clusterName: "cloud", clusterID: "id-of-cloud", keyHash: [1],
                check: { throw No() })
        }
        #expect(try await redeem(token) == .redeemed)
    }

    @Test("the sweep deletes what is over, and nothing else")
    func sweep() async throws {
        let used = try await token()
        _ = try await redeem(used)
        _ = try await token(lifetime: 10)
        let good = try await token()
        _ = try await cluster.create(
            .secrets, KubernetesObject(.secrets, name: "mine", namespace: Names.systemNamespace))
        try await desk(at: 1100).sweep()
        let left = try await cluster.list(.secrets).items.map(\.name)
        #expect(Set(left) == ["mine", Names.tokenRecord(good.id)])
    }
}
