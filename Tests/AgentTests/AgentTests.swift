import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Testing
import Wire

@testable import Agent

@Suite(.timeLimit(.minutes(1))) struct AgentTests {
    private static let wants = Bench.namespace.merging(Bench.pod("p")) { $1 }

    private func refusal(_ body: () async throws -> Void) async -> ErrorMessage.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? PeerDialError)?.end.error?.code
        }
    }

    @Test("a hub enrols with a token, is advertised to, has its pod run, reads its log and probes the network")
    func peering() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            #expect(enrolment.clusterName == "rome")
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: Self.wants)
            try await eventually("advertised") { hub.advertised != nil }
            #expect(hub.advertised?.allocatable["cpu"] == "4")
            #expect(hub.advertised?.labels["topology.liqo.io/type"] == "destination")
            #expect(hub.advertised?.conditions.first { $0.type == "Ready" }?.status == "True")
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            #expect(hub.namespace("demo")?.state == .ready)

            let log = try await hub.connection.openStream(
                kind: StreamKind.logs, parameters: LogsRequest(pod: .pod("demo", "p"), tailLines: 3).json)
            var text: [UInt8] = []
            while let bytes = try await log.read() { text += bytes }
            #expect(String(decoding: text, as: UTF8.self) == "log of demo/p, tail 3")
            await #expect(throws: StreamError.self) {
                _ = try await hub.connection.openStream(
                    kind: StreamKind.logs, parameters: LogsRequest(pod: .pod("demo", "no")).json)
            }
            await #expect(throws: StreamError.self) { _ = try await hub.connection.openStream(kind: "other") }

            let probe = try await hub.connection.openStream(kind: StreamKind.probe)
            try await probe.write([1, 2, 3])
            #expect(try await probe.read() == [1, 2, 3])
            probe.finish()
            #expect(try await probe.read() == nil)
            try await eventually("the ForeignCluster says so") {
                let object = try await edge.cluster.find(.foreignClusters, name: "cloud")
                return object.map { ForeignCluster($0).isEstablished(.network) } ?? false
            }

            let key = try PrivateKey.generate()
            hub.connection.renew(
                RenewMessage(certificateRequest: try CertificateRequest.make(key: key, commonName: "x").pem))
            try await eventually("renewed") { hub.renewed != nil }
            let chain = try Certificate.chain(pem: hub.renewed?.certificateChain ?? "")
            #expect(chain.first?.subject.commonName == "hub-1")
            let renewed = PeerEnrolment(
                identity: try Identity(chain: chain, privateKey: key), authorities: enrolment.authorities,
                clusterID: enrolment.clusterID, clusterName: enrolment.clusterName)
            let again = Conversation(try await TestHub().connect(port, renewed), wanting: Self.wants)
            try await eventually("synchronised again") { again.isComplete && again.pod("p") != nil }
            try await eventually("the old connection is closed") { hub.end?.goodbye?.reason == .replaced }
        }
    }

    @Test(
        "an agent that starts anew goes on without touching a pod, and deletes nothing before it knows all wants (F5, I3)"
    )
    func restart() async throws {
        let edge = try await TestEdge()
        var enrolment: PeerEnrolment?
        try await edge.run { port in
            let new = try await TestHub().enrol(port, try await edge.token())
            enrolment = new
            let hub = Conversation(try await TestHub().connect(port, new), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
        }
        let known = try #require(enrolment)
        let uid = try await edge.cluster.get(.pods, namespace: "demo", name: "p").uid
        let before = edge.cluster.log
        try await edge.run { port in
            let hub = Conversation(try await TestHub().connect(port, known), wanting: Self.wants)
            try await eventually("told") { hub.isComplete && hub.pod("p")?.edgeUID == uid }
            try await eventually("all is settled") { await hub.connection.isSettled() }
            #expect(try await edge.cluster.get(.pods, namespace: "demo", name: "p").uid == uid)
            #expect(edge.cluster.log == before)
        }
        try await edge.run { port in
            let hub = Conversation(try await TestHub().connect(port, known), wanting: [:])
            try await eventually("the stale pod goes") {
                let namespace = try await edge.cluster.find(.namespaces, name: "demo")
                let pod = try await edge.cluster.find(.pods, namespace: "demo", name: "p")
                return namespace == nil && pod == nil
            }
            try await eventually("told") { hub.pod("p") == nil && hub.namespace("demo") == nil }
        }
    }

    @Test("a hub that says that the peering is over leaves nothing behind, and its certificate is worth nothing")
    func unpeered() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            try await eventually("the ForeignCluster is there") {
                try await edge.cluster.find(.foreignClusters, name: "cloud") != nil
            }
            await hub.connection.close(.unpeered, epoch: 2)
            try await eventually("all is gone") {
                let pods = try await edge.cluster.list(.pods).items
                let namespaces = try await edge.cluster.list(.namespaces).items
                let foreign = try await edge.cluster.list(.foreignClusters).items
                return pods.isEmpty && namespaces.isEmpty && foreign.isEmpty && edge.store.all.isEmpty
            }
            let code = await refusal { _ = try await TestHub().connect(port, enrolment, epoch: 2) }
            #expect(code == .notPeered)
            let again = try await TestHub().enrol(port, try await edge.token())
            let anew = Conversation(try await TestHub().connect(port, again, epoch: 3), wanting: Self.wants)
            try await eventually("the pod is back") { anew.pod("p")?.edgeUID.isEmpty == false }
        }
    }

    @Test("a used token, the cluster itself, and a name of another cluster are refused, with nothing changed")
    func refusals() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let used = try await edge.token()
            _ = try await TestHub().enrol(port, used)
            #expect(await refusal { _ = try await TestHub().enrol(port, used) } == .tokenRefused)
            let token = try await edge.token()
            let itself = TestHub(id: TestEdge.clusterID, name: "rome")
            #expect(await refusal { _ = try await itself.enrol(port, token) } == .identity)
            let other = TestHub(id: "hub-2", name: "cloud")
            #expect(await refusal { _ = try await other.enrol(port, token) } == .identity)
            let renamed = TestHub(id: "hub-1", name: "sky")
            #expect(await refusal { _ = try await renamed.enrol(port, token) } == .identity)
            #expect(await refusal { _ = try await TestHub(id: "../x", name: "sky").enrol(port, token) } == .identity)
            #expect(edge.store.all.map(\.clusterName) == ["cloud"])
            // None of them has used the token up.
            _ = try await TestHub(id: "hub-3", name: "sky").enrol(port, token)
        }
    }

    @Test("an epoch lower than the known one is refused; enrolling anew makes older certificates worthless (F7)")
    func epochs() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let first = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, first, epoch: 5), wanting: [:])
            try await eventually("synchronised") { hub.isComplete }
            // Both sides see it; whichever says so first.
            await #expect(throws: PeerDialError.self) { _ = try await TestHub().connect(port, first, epoch: 4) }
            let second = try await TestHub().enrol(port, try await edge.token())
            try await eventually("the old holder is closed out") { hub.end != nil }
            await #expect(throws: PeerDialError.self) { _ = try await TestHub().connect(port, first, epoch: 6) }
            let anew = Conversation(try await TestHub().connect(port, second, epoch: 1), wanting: [:])
            try await eventually("synchronised anew") { anew.isComplete }
        }
    }

    @Test("a cluster that does not answer is advertised as Degraded, and as Ready when it is back (F21)")
    func degraded() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: [:])
            func condition(_ type: String) -> String? { hub.advertised?.conditions.first { $0.type == type }?.status }
            try await eventually("Ready") { condition("Ready") == "True" }
            edge.cluster.base.failure = ClusterUnreachable("away")
            try await eventually("Degraded") { condition("Ready") == "False" && condition("Degraded") == "True" }
            edge.cluster.base.failure = nil
            try await eventually("Ready again") { condition("Ready") == "True" }
        }
    }
}
