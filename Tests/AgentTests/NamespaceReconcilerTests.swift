import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Agent

@Suite struct NamespaceReconcilerTests {
    @Test("a wanted namespace is made with its marks, without labels that loosen security, and told Ready")
    func made() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace)
            try await eventually("Ready") { bench.link.namespace("demo")?.state == .ready }
            let object = try #require(try await bench.foundNamespace())
            #expect(object.label(Names.originClusterIDLabel) == Bench.hubID)
            #expect(object.label("team") == "a")
            #expect(object.label("pod-security.kubernetes.io/enforce") == nil)
            #expect(object.annotation(Names.originalNamespaceAnnotation) == "demo")
            // Nor with annotations that an edge's admission heeds; policies of the offloading are taken.
            #expect(object.annotation("scheduler.alpha.kubernetes.io/node-selector") == nil)
            #expect(object.annotation(Names.onDisconnectAnnotation) == "keep")
        }
    }

    @Test("a namespace that exists and is not ours is told as Conflict and stays as it is (I3)")
    func conflict() async throws {
        let foreign = KubernetesObject(.namespaces, name: "demo", ["metadata": ["labels": ["mine": "yes"]]])
        try await Bench(existing: [(.namespaces, foreign)]).run { bench in
            let before = try await bench.foundNamespace()
            bench.want(Bench.namespace.merging(Bench.pod("p")) { $1 })
            try await eventually("Conflict") { bench.link.namespace("demo")?.state == .conflict }
            try await eventually("the pod is refused") { bench.link.pod("p")?.refused != nil }
            bench.want([:], not: [.namespace("demo"), .pod("demo", "p")])
            try await eventually("nothing is told") { !bench.link.has(.namespace("demo")) }
            #expect(try await bench.foundNamespace() == before)
            #expect(bench.cluster.log.isEmpty)
        }
    }

    @Test("a namespace that somebody deletes by hand is made again (F19)")
    func handDeleted() async throws {
        try await Bench().run { bench in
            bench.want(Bench.namespace)
            try await eventually("Ready") { bench.link.namespace("demo")?.state == .ready }
            let uid = try await bench.foundNamespace()?.uid
            try await bench.cluster.delete(.namespaces, namespace: nil, name: "demo", DeleteOptions())
            try await eventually("another one") {
                let now = try await bench.foundNamespace()?.uid
                return now != nil && now != uid
            }
        }
    }

    @Test("a namespace that is not wanted goes once all wants are known, and not before")
    func unwanted() async throws {
        let own = KubernetesObject(
            .namespaces, name: "demo",
            [
                "metadata": [
                    "labels": [
                        "causeway.io/origin-cluster-id": .string(Bench.hubID),
                        "app.kubernetes.io/managed-by": "causeway",
                    ], "annotations": ["liqo.io/original-name": "demo"],
                ]
            ])
        try await Bench(existing: [(.namespaces, own)]).run { bench in
            #expect(bench.link.namespace("demo")?.state == .ready)
            bench.want(
                [
                    .namespace("two"): .namespace(
                        DesiredNamespace(originName: "two", remoteName: "two", mapping: "EnforceSameName"))
                ], complete: false)
            try await eventually("the other is made") { try await bench.foundNamespace("two") != nil }
            #expect(try await bench.foundNamespace() != nil)
            bench.want([:])
            try await eventually("gone") { try await bench.foundNamespace() == nil }
            try await eventually("told") { !bench.link.has(.namespace("demo")) }
        }
    }

    @Test("a namespace of the edge's own is never made for a hub (A8)", arguments: ["kube-public", "causeway-system"])
    func reserved(_ name: String) async throws {
        try await Bench().run { bench in
            bench.want([
                .namespace("x"): .namespace(
                    DesiredNamespace(originName: "x", remoteName: name, mapping: "SelectedName"))
            ])
            try await eventually("Conflict") { bench.link.namespace("x")?.state == .conflict }
            #expect(try await bench.foundNamespace(name) == nil)
        }
    }
}
