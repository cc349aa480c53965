import ClusterAPI
import Digests
import Enrolment
import KubernetesModel
import OffloadingModel
import TLSTransport
import TestKit
import Testing
import Wire

@testable import Agent

@Suite struct PeeringEndingTests {
    @Test("an ended peering takes its pods, namespaces, ForeignCluster and record along, and nothing else")
    func ends() async throws {
        let other = KubernetesObject(.namespaces, name: "other")
        try await Bench(existing: [(.namespaces, other)]).run { bench in
            bench.reconcilers.statusChanged(bench.hub)
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("made") { try await bench.found("p") != nil }
            try await eventually("the ForeignCluster is there") {
                guard let object = try await bench.cluster.find(.foreignClusters, name: "cloud") else { return false }
                let foreign = ForeignCluster(object)
                return foreign.isEstablished(.incoming) && foreign.isEstablished(.apiServer)
                    && foreign.isEstablished(.authentication) && foreign.condition(.outgoing).status == .none
                    && foreign.condition(.network).status == .pending
            }
            await bench.reconcilers.endings.begin(bench.hub, .edge)
            try await eventually("all is gone") {
                let namespaces = try await bench.cluster.list(.namespaces).items
                let pods = try await bench.cluster.list(.pods).items
                let foreign = try await bench.cluster.find(.foreignClusters, name: "cloud")
                return namespaces.map(\.name) == ["other"] && pods.isEmpty && foreign == nil && bench.store.all.isEmpty
            }
            #expect(bench.link.closed == .unpeered)
            #expect(bench.context.hubs.all.isEmpty)
        }
    }

    @Test("a goodbye said before the hub enrolled anew ends nothing, the new one's does")
    func earlierGoodbye() async throws {
        let (old, new) = (try Self.identity(), try Self.identity())
        let bench = try await Bench(record: Self.record(issued: old))
        let endings = bench.reconcilers.endings
        try await bench.context.book.change(Bench.hubID) { _, _ in Self.record(issued: new) }
        for cause in [PeeringEnding.Cause.goodbye(old), .refusal, .revocation] {
            await endings.begin(bench.hub, cause)
            #expect(!bench.hub.isEnding)
            #expect(bench.store.all == [Self.record(issued: new)])
        }
        await endings.begin(bench.hub, .goodbye(new))
        #expect(bench.hub.isEnding)
        #expect(bench.store.all.map(\.isEnding) == [true])
    }

    @Test("whether a peering ends is what its record says, also where it begins anew while its end is being stored")
    func followsTheRecord() async throws {
        let (old, new) = (try Self.identity(), try Self.identity())
        let bench = try await Bench(record: Self.record(issued: old))
        // Both wait for the same store: whichever comes last counts.
        async let ended: Void = bench.reconcilers.endings.begin(bench.hub, .goodbye(old))
        async let begun = bench.context.book.change(Bench.hubID) { _, _ in Self.record(issued: new) }
        _ = try await (ended, begun)
        #expect(!bench.hub.isEnding)
        #expect(bench.store.all == [Self.record(issued: new)])
    }

    private static func identity() throws -> PeerIdentity {
        try PeerIdentity(
            certificateChain: [CertificateAuthority.create(commonName: Bench.hubID, now: 1_700_000_000).certificate],
            applicationProtocol: nil, tlsVersion: .tls1_3)
    }

    private static func record(issued identity: PeerIdentity) -> PeeringRecord {
        let certificate = IssuedCertificate(
            fingerprint: Hex.encode(identity.leaf.fingerprint),
            keyHash: Hex.encode(identity.leaf.subjectPublicKeyInfoSHA256), notAfter: 2_000_000_000)
        return PeeringRecord(clusterID: Bench.hubID, clusterName: "cloud", epoch: 1, issued: [certificate], since: 1)
    }
}
