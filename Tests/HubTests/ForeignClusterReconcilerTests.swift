import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("A peering at the hub", .timeLimit(.minutes(1))) struct ForeignClusterReconcilerTests {
    /// Nothing listens there.
    private static let nowhere = "tls://127.0.0.1:1"

    private func with(
        finalizer: Bool = true, outgoing: PeeringEnabled = .yes,
        _ change: (inout HubConfiguration) -> Void = { _ in }, _ body: (HubBench) async throws -> Void
    ) async throws {
        let bench = try HubBench(change)
        try await bench.run {
            var foreign = ForeignCluster(
                name: "rome", clusterID: "rome-1", clusterName: "rome", authURL: Self.nowhere, outgoing: outgoing,
                incoming: .auto)
            if finalizer { foreign.object.finalizers = [Names.peeringFinalizer] }
            _ = try await bench.cluster.create(.foreignClusters, foreign.object)
            try await body(bench)
        }
    }

    private func found(_ bench: HubBench) async throws -> ForeignCluster {
        ForeignCluster(try await bench.cluster.get(.foreignClusters, namespace: nil, name: "rome"))
    }

    private func node(_ bench: HubBench) async throws -> KubernetesObject? {
        try await bench.cluster.find(.nodes, name: "liqo-rome")
    }

    private func want(_ bench: HubBench, _ outgoing: PeeringEnabled) async throws {
        _ = try await bench.cluster.merge(
            .foreignClusters, name: "rome", ["spec": ["outgoingPeeringEnabled": .string(outgoing.rawValue)]])
    }

    /// Reconciles until nothing more is to be done.
    private func finish(_ bench: HubBench) async throws {
        for _ in 0..<20 {
            guard case .after(let wait) = try await bench.reconcile(peering: "rome"), wait < .seconds(1) else { return }
        }
    }

    @Test("it is held by a finalizer, and says why it is not established yet")
    func begins() async throws {
        try await with(finalizer: false) { bench in
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await found(bench).object.finalizers == [Names.peeringFinalizer])
            #expect(try await bench.reconcile(peering: "rome") != .none)
            try await eventually("told that a token is missing") {
                _ = try await bench.reconcile(peering: "rome")
                return try await found(bench).condition(.authentication).reason == "NoToken"
            }
            #expect(try await found(bench).condition(.outgoing).status == .pending)
            #expect(try await node(bench) == nil)
        }
    }

    @Test("an edge that answers has a node, which follows what it says, and nothing is written twice")
    func established() async throws {
        try await with { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            let made = try #require(try await node(bench))
            #expect(made.label("topology.liqo.io/type") == "destination")
            #expect(made.label(Names.remoteClusterIDLabel) == "rome-1")
            #expect(made.status["allocatable"]?["cpu"] == "4")
            #expect(Conditions.isTrue("Ready", in: made.status["conditions"]))
            #expect(try await found(bench).isEstablished(.outgoing))
            #expect(try await found(bench).isEstablished(.apiServer))
            bench.now.value += 10
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench) == bench.context.nodes.get(name: "liqo-rome"))
            let version = try await node(bench)?.resourceVersion
            bench.now.value += 10
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench)?.resourceVersion == version)

            bench.context.edges.update("rome") { edge in
                edge.advertisement?.allocatable["cpu"] = "2"
                edge.advertisement?.conditions = [.init(type: "Ready", status: "False", reason: "Silent")]
                edge.state = edge.stateByAdvertisement
            }
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench)?.status["allocatable"]?["cpu"] == "2")
            #expect(try await found(bench).condition(.outgoing).reason == "VirtualNodeNotReady")
            #expect(try await found(bench).condition(.apiServer).status == .error)

            // Somebody deletes the node.
            try await bench.cluster.delete(.nodes, namespace: nil, name: "liqo-rome", DeleteOptions())
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench) != nil)
        }
    }

    @Test("a round-trip time that hardly moves is not written")
    func calm() async throws {
        try await with { bench in
            bench.edge("rome")
            func measure(_ time: Duration) async throws -> String {
                bench.context.edges.update("rome", .measured) { edge in
                    edge.roundTripTime = time
                    edge.network = PeeringCondition(.established, "PodNetworkAnswers")
                }
                _ = try await bench.reconcile(peering: "rome")
                return try await found(bench).object.resourceVersion
            }
            _ = try await bench.reconcile(peering: "rome")
            try await eventually("the link has said what it has to say") {
                bench.context.edges["rome"]?.authentication.reason == "NoToken"
            }
            let first = try await measure(.milliseconds(10))
            #expect(try await found(bench).roundTripTime == "10.0ms")
            #expect(try await measure(.milliseconds(12)) == first)
            #expect(try await measure(.milliseconds(40)) != first)
            #expect(try await found(bench).roundTripTime == "40.0ms")
        }
    }

    @Test(
        "a node of that name which stands for something else is not touched",
        arguments: [[:], [Names.typeLabel: Names.virtualNodeType, Names.remoteClusterIDLabel: "another"]])
    func nodeExists(labels: [String: String]) async throws {
        try await with { bench in
            let other = try await bench.cluster.create(
                .nodes, KubernetesObject(.nodes, name: "liqo-rome", ["metadata": ["labels": JSON(labels)]]))
            bench.edge("rome")
            #expect(try await bench.reconcile(peering: "rome") != .none)
            #expect(try await found(bench).condition(.outgoing).reason == "NodeExists")
            #expect(try await node(bench) == other)
            // Nor when the peering ends.
            try await bench.cluster.delete(.foreignClusters, namespace: nil, name: "rome", DeleteOptions())
            try await finish(bench)
            #expect(try await node(bench) == other)
            #expect(try await bench.cluster.find(.foreignClusters, name: "rome") == nil)
        }
    }

    @Test("a withdrawal cordons, moves the pods, deletes the node, and waits for the edge; Yes takes it up again")
    func withdraws() async throws {
        try await with { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            try await bench.namespace()
            let pod = try await bench.pod("p")
            bench.observe("rome", [.namespace("shop"): .ready("shop")])
            try await want(bench, .no)
            _ = try await bench.reconcile(peering: "rome")
            #expect(bench.context.edges["rome"]?.isWanted == false)
            #expect(bench.context.edges["rome"]?.state == .draining)
            #expect(try await node(bench)?.spec["unschedulable"] == true)
            // The edge is connected: the pod ends in its own time.
            #expect(try await bench.found(pod: "p")?.isBeingDeleted == true)
            #expect(try await found(bench).condition(.outgoing).status == .disconnecting)
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench) != nil)

            // Called off half-way.
            try await want(bench, .yes)
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench)?.spec["unschedulable"] == nil)
            #expect(bench.context.edges["rome"]?.state == .ready)

            try await want(bench, .no)
            try await bench.cluster.deleteIfPresent(
                .pods, namespace: "shop", name: "p", DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
            _ = try await bench.reconcile(peering: "rome")
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await node(bench) == nil)
            #expect(try await found(bench).condition(.outgoing).status == .disconnecting)
            bench.observe("rome", [:])
            #expect(try await bench.reconcile(peering: "rome") == .none)
            #expect(try await found(bench).condition(.outgoing).reason == "Withdrawn")
            #expect(bench.context.edges["rome"]?.state == .left)

            try await want(bench, .yes)
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await found(bench).isEstablished(.outgoing))
            #expect(try await node(bench) != nil)
        }
    }

    @Test("an edge that is away holds nobody up, but one that has just been lost is given a moment (I6)")
    func withdrawsAway() async throws {
        try await with { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            try await bench.namespace()
            try await bench.pod("p")
            bench.context.edges.update("rome") { edge in
                edge.isConnected = false
                edge.silentSince = .now
            }
            try await want(bench, .no)
            _ = try await bench.reconcile(peering: "rome")
            #expect(try await bench.found(pod: "p") != nil)
            bench.context.edges.update("rome") { $0.silentSince = .now - .seconds(5) }
            try await finish(bench)
            #expect(try await bench.found(pod: "p") == nil)
            #expect(try await node(bench) == nil)
            #expect(try await found(bench).condition(.outgoing).status == .none)
        }
    }

    @Test("a withdrawal that the edge does not finish ends at its deadline (I6)")
    func overdue() async throws {
        try await with({ $0.withdrawalDeadline = .zero }) { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            try await bench.namespace()
            try await bench.pod("p")
            bench.observe("rome", [.namespace("shop"): .ready("shop")])
            try await want(bench, .no)
            try await finish(bench)
            #expect(try await bench.found(pod: "p") == nil)
            #expect(try await found(bench).condition(.outgoing).status == .none)
        }
    }

    @Test("an unpeer leaves no node, token, edge or wish behind, and who peers again begins anew")
    func removed() async throws {
        try await with { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            let secret = Names.tokenSecret(foreignCluster: "rome", .outgoing)
            _ = try await bench.cluster.create(
                .secrets, KubernetesObject(.secrets, name: secret, namespace: Names.systemNamespace))
            bench.context.desired.set(
                .namespace("shop"),
                ["rome": .namespace(DesiredNamespace(originName: "shop", remoteName: "shop", mapping: "x"))])
            try await bench.cluster.delete(.foreignClusters, namespace: nil, name: "rome", DeleteOptions())
            try await finish(bench)
            #expect(try await bench.cluster.list(.foreignClusters).items.isEmpty)
            #expect(try await node(bench) == nil)
            #expect(try await bench.cluster.find(.secrets, namespace: Names.systemNamespace, name: secret) == nil)
            #expect(bench.context.edges["rome"] == nil)
            #expect(bench.context.desired.items("rome").isEmpty)
            #expect(bench.links.farewells.pending.isEmpty)
        }
    }

    @Test("a local copy that lags behind an unpeer does not end the peering that has begun anew")
    func lags() async throws {
        let bench = try HubBench()
        var foreign = ForeignCluster(
            name: "rome", clusterID: "rome-1", clusterName: "rome", authURL: Self.nowhere, outgoing: .yes,
            incoming: .auto)
        foreign.object.finalizers = [Names.peeringFinalizer]
        let old = try await bench.cluster.create(.foreignClusters, foreign.object)
        let secret = Names.tokenSecret(foreignCluster: "rome", .outgoing)
        try await bench.run {
            try await bench.cluster.delete(.foreignClusters, namespace: nil, name: "rome", DeleteOptions())
            try await bench.settle()
        }
        // From here on the copies stay as they are: the old object, about to go.
        var gone = try await bench.cluster.get(.foreignClusters, namespace: nil, name: "rome")
        gone.finalizers = []
        _ = try await bench.cluster.update(.foreignClusters, gone)
        _ = try await bench.cluster.create(
            .secrets, KubernetesObject(.secrets, name: secret, namespace: Names.systemNamespace))
        let reconciler = ForeignClusterReconciler(context: bench.context, links: bench.links)
        for isThere in [false, true] {
            if isThere { _ = try await bench.cluster.create(.foreignClusters, foreign.object) }
            _ = try await reconciler.reconcile("rome")
            #expect(try await bench.cluster.find(.secrets, namespace: Names.systemNamespace, name: secret) != nil)
        }
        #expect(try await found(bench).object.uid != old.uid)
        #expect(try await found(bench).object.finalizers == [Names.peeringFinalizer])
    }

    @Test("an edge that has ended the peering shows as Denied, with its words")
    func denied() async throws {
        try await with { bench in
            bench.edge("rome")
            _ = try await bench.reconcile(peering: "rome")
            bench.context.edges.update("rome") { edge in
                edge.isConnected = false
                edge.authentication = PeeringCondition(.denied, "Revoked", "rome has ended the peering")
            }
            _ = try await bench.reconcile(peering: "rome")
            for type in [PeeringConditionType.outgoing, .authentication] {
                #expect(try await found(bench).condition(type).status == .denied)
                #expect(try await found(bench).condition(type).message == "rome has ended the peering")
            }
        }
    }
}
