import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import Sessions
import TestKit
import Testing
import Wire

@testable import Agent

@Suite("An edge that turns a peering off", .timeLimit(.minutes(1))) struct IncomingPeeringTests {
    private static let wants = Bench.namespace.merging(Bench.pod("p")) { $1 }

    private func turnOff(_ edge: TestEdge) async throws {
        try await eventually("the ForeignCluster is there") {
            try await edge.cluster.find(.foreignClusters, name: "cloud") != nil
        }
        _ = try await edge.cluster.merge(
            .foreignClusters, name: "cloud", ["spec": ["incomingPeeringEnabled": "No"]])
    }

    private func isNone(_ edge: TestEdge) async throws -> Bool {
        guard let object = try await edge.cluster.find(.foreignClusters, name: "cloud") else { return false }
        let foreign = ForeignCluster(object)
        return PeeringConditionType.allCases.allSatisfy { foreign.condition($0).status == .none }
            && foreign.condition(.incoming).reason == "TurnedOff"
    }

    @Test("says so to the hub, keeps nothing of it, and forgets the object only when it is deleted")
    func connected() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            try await turnOff(edge)
            try await eventually("the hub is told") { hub.end?.goodbye?.reason == .unpeered }
            #expect(hub.end?.goodbye?.message.contains("rome has turned its incoming peering with cloud off") == true)
            try await eventually("nothing is left") {
                let pods = try await edge.cluster.list(.pods).items
                let namespaces = try await edge.cluster.list(.namespaces).items
                return pods.isEmpty && namespaces.isEmpty && edge.store.all.isEmpty
            }
            try await eventually("None") { try await isNone(edge) }
            let refused = await #expect(throws: PeerDialError.self) {
                _ = try await TestHub().connect(port, enrolment)
            }
            #expect(refused?.end.error?.code == .notPeered)

            let token = try await edge.token()
            let offered = await #expect(throws: PeerDialError.self) { _ = try await TestHub().enrol(port, token) }
            #expect(offered?.end.error?.message.contains("kubectl delete foreignclusters cloud") == true)
            try await edge.cluster.delete(.foreignClusters, namespace: nil, name: "cloud", DeleteOptions())
            // The token was not used up by the refusal.
            _ = try await TestHub().enrol(port, token)
            try await eventually("peered anew") {
                let object = try await edge.cluster.find(.foreignClusters, name: "cloud")
                return object.map { ForeignCluster($0).isEstablished(.incoming) } ?? false
            }
        }
    }

    @Test("needs no hub for it, and an agent that starts anew does not peer again")
    func away() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            await hub.connection.close()
        }
        try await turnOff(edge)
        try await edge.run { _ in
            try await eventually("None") { try await isNone(edge) }
            let pods = try await edge.cluster.list(.pods).items
            #expect(pods.isEmpty && edge.store.all.isEmpty)
            try await edge.cluster.delete(.foreignClusters, namespace: nil, name: "cloud", DeleteOptions())
        }
        try await edge.run { port in
            // Once another hub is peered with, the agent has read and looked at everything.
            _ = try await TestHub(id: "hub-2", name: "sky").enrol(port, try await edge.token())
            try await eventually("the other one is told of") {
                try await edge.cluster.find(.foreignClusters, name: "sky") != nil
            }
            #expect(try await edge.cluster.find(.foreignClusters, name: "cloud") == nil)
        }
    }

    @Test("an object that outlived its peering says that there is none")
    func orphan() async throws {
        let edge = try await TestEdge()
        var foreign = ForeignCluster(
            name: "cloud", clusterID: "hub-1", clusterName: "cloud", authURL: "", outgoing: .no, incoming: .yes)
        foreign.set(.incoming, PeeringCondition(.disconnecting, "Unpeered"), now: 1)
        let stored = try await edge.cluster.base.create(.foreignClusters, foreign.object)
        foreign.object.json["metadata", "resourceVersion"] = .string(stored.resourceVersion)
        _ = try await edge.cluster.base.updateStatus(.foreignClusters, foreign.object)
        try await edge.run { _ in
            try await eventually("None") {
                let object = try await edge.cluster.get(.foreignClusters, namespace: nil, name: "cloud")
                return ForeignCluster(object).condition(.incoming).status == .none
            }
        }
    }

    @Test("a goodbye over an old connection does not end the peering that has begun since")
    func late() async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let old = try await TestHub().enrol(port, try await edge.token())
            let before = Conversation(try await TestHub().connect(port, old), wanting: [:])
            try await eventually("synchronised") { before.isComplete }
            async let goodbye: Void = before.connection.close(.unpeered)
            let new = try await TestHub().enrol(port, try await edge.token())
            await goodbye
            let hub = Conversation(try await TestHub().connect(port, new, epoch: 2), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            #expect(edge.store.all.map(\.isEnding) == [false])
        }
    }
}
