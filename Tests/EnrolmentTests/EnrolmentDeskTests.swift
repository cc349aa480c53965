import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Sessions
import Synchronization
import TLSTransport
import TestKit
import Testing
import Wire

@testable import Enrolment

@Suite struct EnrolmentDeskTests {
    /// A disk on which nothing can be stored for a while, as for a daemon that dies there.
    private final class FailingStore: PeeringStore {
        struct Failed: Error {}
        let fails = Mutex(true)
        let saved = Mutex<[PeeringRecord]>([])
        func load() async throws -> [PeeringRecord] { [] }
        func save(_ record: PeeringRecord) async throws {
            guard !fails.withLock({ $0 }) else { throw Failed() }
            saved.withLock { $0.append(record) }
        }
        func remove(clusterID: String) async throws {}
    }

    @Test(
        "a token is used up before a certificate is there: whatever dies between the two, nobody else gets one (F10, A2)"
    )
    func usedFirst() async throws {
        let (cluster, store) = (FakeCluster(), FailingStore())
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let local = LocalPeer(clusterID: "edge-1", clusterName: "rome", role: .agent, version: "1", instance: "i")
        let authority = try CertificateAuthority.create(commonName: "edge", now: 900)
        let desk = EnrolmentDesk(
            local: local, tokens: TokenDesk(cluster: cluster, role: .agent, logger: logger, now: { 1000 }),
            book: PeeringBook(store, now: { 1000 }),
            authority: try PeeringAuthority(authority: authority, clusterID: "edge-1", now: 1000), logger: logger,
            now: { 1000 }, admits: { _ in }, enrolled: { _ in })
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(token: token, secretHash: SHA256.hash(token.secret), now: 1000)
        _ = try await cluster.create(.secrets, record.secret)
        func ask(_ key: PrivateKey, as id: String = "hub-1") async throws -> EnrolmentAnswer {
            await desk.enrol(
                EnrollMessage(
                    tokenID: token.id, tokenSecret: token.secretText,
                    certificateRequest: try CertificateRequest.make(key: key, commonName: id).pem, clusterID: id,
                    clusterName: "cloud", role: .hub),
                from: PeerCaller(clusterID: "", identity: nil, address: "192.0.2.1"))
        }
        let (own, thiefs) = (try PrivateKey.generate(), try PrivateKey.generate())
        guard case .refused(let error) = try await ask(own) else { throw FailingStore.Failed() }
        #expect(error.code == .unavailable)
        #expect(store.saved.withLock { $0.isEmpty })
        let stored = try await cluster.list(.secrets).items.first.map { try TokenRecord(secretData: $0.json["data"]) }
        #expect(stored?.use?.keyHash == own.publicKey.subjectPublicKeyInfoSHA256)
        store.fails.withLock { $0 = false }
        #expect(try await ask(thiefs) == .tokenRefused)
        #expect(try await ask(thiefs, as: "hub-2") == .tokenRefused)
        // Whoever used it asks again within seconds, as it does after a lost answer.
        guard case .enrolled = try await ask(own) else { throw FailingStore.Failed() }
        #expect(store.saved.withLock { $0.count } == 1)
    }
}
