import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Hub

@Suite("The offloading of a namespace", .timeLimit(.minutes(1))) struct OffloadingReconcilerTests {
    @Test("it is held by a finalizer, wanted on the selected edges, labelled, and told without writing twice")
    func offloads() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading()
            bench.edge("rome")
            bench.edge("milan", connected: false)
            #expect(try await bench.reconcile(offloading: "shop") == .none)
            let held = try await bench.cluster.get(.namespaceOffloadings, namespace: "shop", name: Names.offloading)
            #expect(held.finalizers == [Names.offloadingFinalizer])
            #expect(try await bench.reconcile(offloading: "shop") == .none)
            for edge in ["rome", "milan"] {
                #expect(bench.context.desired[edge, .namespace("shop")]?.content.namespace?.remoteName == "shop")
            }
            let namespace = try await bench.cluster.get(.namespaces, namespace: nil, name: "shop")
            #expect(namespace.label(Names.schedulingEnabledLabel) == "true")
            #expect(try await bench.offloadingStatus()["offloadingPhase"] == "InProgress")

            bench.observe("rome", [.namespace("shop"): .ready("shop")])
            bench.observe("milan", [.namespace("shop"): .ready("shop")])
            _ = try await bench.reconcile(offloading: "shop")
            #expect(try await bench.offloadingStatus()["offloadingPhase"] == "Ready")
            let version = try await bench.cluster.list(.namespaceOffloadings).resourceVersion
            bench.now.value += 60
            _ = try await bench.reconcile(offloading: "shop")
            #expect(try await bench.cluster.list(.namespaceOffloadings).resourceVersion == version)
        }
    }

    @Test("after a restart of the hub an edge that was not heard yet is what the status said of it")
    func restart() async throws {
        let status: JSON = [
            "offloadingPhase": "Ready", "remoteNamespaceName": "shop",
            "remoteNamespacesConditions": [
                "rome-e1": [["type": "Ready", "status": "True", "reason": "NamespaceCreated"]]
            ],
        ]
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: [Names.offloadingFinalizer], status: status)
            bench.edge("rome", id: "e1", connected: false, known: false)
            _ = try await bench.reconcile(offloading: "shop")
            #expect(try await bench.offloadingStatus()["offloadingPhase"] == "Ready")
            // Once it is heard, only its own word counts.
            bench.context.edges.update("rome") { $0.isObservedComplete = true }
            _ = try await bench.reconcile(offloading: "shop")
            #expect(try await bench.offloadingStatus()["offloadingPhase"] == "InProgress")
        }
    }

    @Test("it ends when the connected edges hold nothing any more, and does not wait for others")
    func ends() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: [Names.offloadingFinalizer])
            try await bench.pod("p")
            bench.edge("rome")
            bench.edge("milan", connected: false)
            bench.observe("rome", [.namespace("shop"): .ready("shop")])
            bench.observe("milan", [.namespace("shop"): .ready("shop")])
            _ = try await bench.reconcile(offloading: "shop")
            try await bench.cluster.delete(
                .namespaceOffloadings, namespace: "shop", name: Names.offloading, DeleteOptions())
            let object = try await bench.cluster.get(.namespaceOffloadings, namespace: "shop", name: Names.offloading)
            bench.now.value = try #require(object.deletionTimestamp.flatMap(Timestamp.seconds))
            #expect(try await bench.reconcile(offloading: "shop") != .none)
            #expect(!bench.context.desired.contains(.namespace("shop")))
            #expect(try await bench.found(pod: "p")?.isBeingDeleted == true)
            #expect(try await bench.offloadingStatus()["offloadingPhase"] == "Terminating")
            bench.observe("rome", [:])
            #expect(try await bench.reconcile(offloading: "shop") == .none)
            #expect(
                try await bench.cluster.find(.namespaceOffloadings, namespace: "shop", name: Names.offloading) == nil)
            _ = try await bench.reconcile(offloading: "shop")
            let namespace = try await bench.cluster.get(.namespaces, namespace: nil, name: "shop")
            #expect(namespace.label(Names.schedulingEnabledLabel) == nil)
        }
    }

    @Test(
        "a remote namespace that does not go holds the end up for the deadline and no longer, whatever the wall clock says"
    )
    func overdue() async throws {
        let bench = try HubBench { $0.withdrawalDeadline = .seconds(20) }
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: [Names.offloadingFinalizer])
            bench.edge("rome")
            bench.observe("rome", [.namespace("shop"): .ready("shop")])
            try await bench.cluster.delete(
                .namespaceOffloadings, namespace: "shop", name: Names.offloading, DeleteOptions())
            #expect(try await bench.reconcile(offloading: "shop") != .none)
            bench.now.value += 3600
            #expect(try await bench.reconcile(offloading: "shop") != .none)
            bench.now.value -= 7200
            bench.instants.advance(.seconds(21))
            #expect(try await bench.reconcile(offloading: "shop") == .none)
            #expect(try await bench.cluster.list(.namespaceOffloadings).items.isEmpty)
        }
    }

    @Test("annotations that say nothing known are told as a condition and an event, until they are mended")
    func policies() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(
                annotations: [Names.gracePeriodAnnotation: "soon"], finalizers: [Names.offloadingFinalizer])
            bench.edge("rome")
            for _ in 0..<3 { _ = try await bench.reconcile(offloading: "shop") }
            let condition = Conditions.find("PoliciesValid", in: try await bench.offloadingStatus()["conditions"])
            #expect(condition?["status"] == "False" && condition?["reason"] == "InvalidAnnotation")
            let events = try await bench.cluster.list(.coreEvents, namespace: "shop", ListOptions()).items
            #expect(events.map { $0.json["reason"]?.string } == ["InvalidPolicy"])
            #expect(events.first?.json["count"]?.int == 1)
            #expect(events.first?.json["message"] == condition?["message"])
            _ = try await bench.cluster.merge(
                .namespaceOffloadings, namespace: "shop", name: Names.offloading,
                ["metadata": ["annotations": [Names.gracePeriodAnnotation: "30s"]]])
            _ = try await bench.reconcile(offloading: "shop")
            let status = try await bench.offloadingStatus()
            #expect(Conditions.isTrue("PoliciesValid", in: status["conditions"]))
        }
    }
}
