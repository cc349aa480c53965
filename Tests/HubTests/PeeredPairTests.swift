import ClusterAPI
import Enrolment
import Hub
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import TestKit
import Testing

@Suite("A hub and an agent over loopback", .timeLimit(.minutes(1)), .serialized) struct PeeredPairTests {
    /// Peered, the namespace offloaded, and a pod running.
    private func with(_ way: Way, _ body: (PeeredPair) async throws -> Void) async throws {
        let pair = try await PeeredPair(way)
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded") { try await pair.phase() == "Ready" }
            try await pair.createPod("p")
            try await eventually("the pod is at the edge") { try await pair.edgePod("p") != nil }
            try await pair.run(pod: "p")
            try await eventually("Running at the origin") {
                try await pair.originPod("p")?.status["phase"] == "Running"
            }
            try await body(pair)
        }
    }

    @Test("they peer, run a pod, end it, withdraw, resume and unpeer", arguments: Way.allCases)
    func whole(_ way: Way) async throws {
        try await with(way) { pair in
            let node = try await pair.origin.get(.nodes, namespace: nil, name: "liqo-rome")
            #expect(node.label("topology.liqo.io/type") == "destination")
            #expect(try await pair.originPod("p")?.status["podIP"] == "10.0.0.7")
            try await pair.origin.delete(.pods, namespace: "shop", name: "p", DeleteOptions())
            try await eventually("gone on both sides") {
                let (here, there) = (try await pair.originPod("p"), try await pair.edgePod("p"))
                return here == nil && there == nil
            }
            try await pair.createPod("q")
            try await eventually("the second pod is at the edge") { try await pair.edgePod("q") != nil }

            try await pair.want("No")
            try await eventually("withdrawn") {
                let node = try await pair.origin.find(.nodes, name: "liqo-rome")
                let isDone = try await pair.peering()?.condition(.outgoing).reason == "Withdrawn"
                let (pod, isEmpty) = (try await pair.originPod("q"), try await pair.isEdgeEmpty())
                return isDone && node == nil && pod == nil && isEmpty
            }
            #expect(try await pair.phase() == "NoClusterSelected")
            try await pair.want("Yes")
            try await eventually("resumed") {
                try await pair.isOffloaded()
            }
            try await pair.unpeer()
            try await eventually("unpeered") {
                let (peering, isForgotten) = (try await pair.peering(), try await pair.isForgotten())
                return peering == nil && isForgotten
            }
            try await eventually("the farewell is over") {
                try await FileCredentialStore(stateFolder: pair.folder.path).farewells().isEmpty
            }
            try await pair.peer()
            try await eventually("peered again") { try await pair.isOffloaded() }
        }
    }

    @Test("a hub or an agent that starts anew finds everything as it was (F4, F6)", arguments: Way.allCases)
    func restarts(_ way: Way) async throws {
        try await with(way) { pair in
            let (here, there) = (try await pair.originPod("p")?.uid, try await pair.edgePod("p")?.uid)
            await pair.stopHub()
            _ = try await pair.origin.merge(
                .nodes, name: "liqo-rome", ["metadata": ["annotations": ["causeway.io/edge-state": "Suspect"]]])
            try await pair.startHub()
            try await eventually("the hub is back") {
                let node = try await pair.origin.get(.nodes, namespace: nil, name: "liqo-rome")
                let isEstablished = try await pair.isEstablished()
                return node.annotation(Names.edgeStateAnnotation) == "Ready" && isEstablished
            }
            await pair.stopAgent()
            try await eventually("the agent is missed") { try await pair.peering()?.isEstablished(.network) == false }
            try await pair.startAgent()
            try await eventually("the agent is back") { try await pair.isEstablished() }
            #expect(try await pair.originPod("p")?.uid == here)
            #expect(try await pair.edgePod("p")?.uid == there)
            // And both still do what they are told.
            try await pair.createPod("q")
            try await eventually("the second pod is at the edge") { try await pair.edgePod("q") != nil }
        }
    }

    @Test(
        "an unpeer while the edge is away does not wait, survives the hub, and cleans the edge up on its return",
        arguments: Way.allCases)
    func farewell(_ way: Way) async throws {
        try await with(way) { pair in
            await pair.stopAgent()
            try await pair.unpeer()
            try await eventually("unpeered") { try await pair.peering() == nil }
            #expect(try await pair.originPod("p") == nil)
            await pair.stopHub()
            try await pair.startHub()
            #expect(try await pair.edgePod("p") != nil)
            try await pair.startAgent()
            try await eventually("the edge is clean") { try await pair.isForgotten() }
            try await eventually("the farewell is over") {
                try await FileCredentialStore(stateFolder: pair.folder.path).farewells().isEmpty
            }
        }
    }

    @Test("peering again at once supersedes a farewell that was not said yet")
    func superseded() async throws {
        try await with(.hubDials) { pair in
            await pair.stopAgent()
            try await pair.unpeer()
            try await eventually("unpeered") { try await pair.peering() == nil }
            try await pair.peer()
            try await pair.startAgent()
            try await eventually("peered again") { try await pair.isOffloaded() }
            let store = try FileCredentialStore(stateFolder: pair.folder.path)
            #expect(try await store.farewells().isEmpty)
            // The pod of the old peering is gone; a new one runs.
            try await pair.createPod("q")
            try await eventually("only the new pod is at the edge") {
                let (old, new) = (try await pair.edgePod("p"), try await pair.edgePod("q"))
                return old == nil && new != nil
            }
        }
    }

    @Test("a hub that has forgotten an edge which joined refuses it, and the edge ends what runs for it")
    func forgotten() async throws {
        try await with(.edgeJoins) { pair in
            await pair.stopHub()
            // As after the loss of the object while the hub was away: nobody wants the peering any more.
            var object = try #require(try await pair.peering()).object
            object.finalizers = []
            _ = try await pair.origin.update(.foreignClusters, object)
            try await pair.unpeer()
            try await pair.startHub()
            try await eventually("the edge is clean") { try await pair.isForgotten() }
            try await pair.peer()
            try await eventually("joined again") { try await pair.isOffloaded() }
        }
    }

    @Test(
        "after a revocation and an unpeer nothing runs at the edge: it hears of it, or does not wait for ever",
        arguments: Way.allCases)
    func revokedAndUnpeered(_ way: Way) async throws {
        try await with(way) { pair in
            if way == .hubDials {
                await pair.stopAgent()
                pair.revokedGracePeriod.withLock { $0 = .seconds(2) }
                try await pair.startAgent()
                try await eventually("the agent is back") { try await pair.isEstablished() }
            }
            try await pair.revoke()
            try await eventually("Denied") {
                try await pair.peering()?.condition(.authentication).reason == "Revoked"
            }
            try await pair.unpeer()
            try await eventually("unpeered") { try await pair.peering() == nil }
            try await eventually("the edge is clean") { try await pair.isForgotten() }
            try await eventually("the farewell is given up") {
                try await FileCredentialStore(stateFolder: pair.folder.path).farewells().isEmpty
            }
            try await pair.peer()
            try await eventually("peered again") { try await pair.isOffloaded() }
        }
    }

    @Test(
        "revoked certificates are refused at once and after a restart, pods go on, and a new token brings the peer back (A9)",
        arguments: Way.allCases)
    func revoked(_ way: Way) async throws {
        try await with(way) { pair in
            try await pair.revoke()
            func isDenied() async throws -> Bool {
                let (outgoing, incoming) = (try await pair.peering(), try await pair.incoming())
                guard let outgoing, let incoming else { return false }
                return [outgoing, incoming].allSatisfy {
                    let condition = $0.condition(.authentication)
                    return condition.status == .denied && condition.reason == "Revoked" && $0.revocationsAsked.isEmpty
                }
            }
            try await eventually("Denied at both sides") { try await isDenied() }
            switch way {
            case .hubDials:
                await pair.stopAgent()
                try await pair.startAgent()
            case .edgeJoins:
                await pair.stopHub()
                try await pair.startHub()
            }
            // Refusals that are told prove that the old certificate was shown again, and in vain.
            try await Task.sleep(for: .milliseconds(700))
            #expect(try await isDenied())
            #expect(try await pair.edgePod("p")?.isBeingDeleted == false)
            let uid = try await pair.edgePod("p")?.uid
            try await pair.peer()
            try await eventually("back with a new token") {
                let isBack = try await pair.incoming()?.isEstablished(.authentication) ?? false
                let isReady = try await pair.isOffloaded()
                return isBack && isReady
            }
            #expect(try await pair.edgePod("p")?.uid == uid)
            try await eventually("its pod is Running here again") {
                try await pair.originPod("p")?.status["phase"] == "Running"
            }
        }
    }

    @Test(
        "an edge that turns the peering off shows as Denied at the hub, until it is peered again",
        arguments: Way.allCases)
    func denied(_ way: Way) async throws {
        try await with(way) { pair in
            _ = try await pair.edge.merge(
                .foreignClusters, name: "cloud", ["spec": ["incomingPeeringEnabled": "No"]])
            try await eventually("Denied") {
                guard let peering = try await pair.peering() else { return false }
                return [.outgoing, .authentication].allSatisfy {
                    peering.condition($0).status == .denied
                        && peering.condition($0).message.contains("has ended the peering")
                }
            }
            try await eventually("nothing is left at the edge") { try await pair.isEdgeEmpty() }
            try await pair.unpeer()
            try await eventually("unpeered") { try await pair.peering() == nil }
        }
    }
}
