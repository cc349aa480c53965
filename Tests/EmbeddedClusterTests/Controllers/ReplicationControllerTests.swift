import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("ReplicationControllers")
struct ReplicationControllerTests {
    private static func controller(_ name: String, replicas: Int) -> KubernetesObject {
        KubernetesObject(
            .replicationControllers, name: name, namespace: "default",
            [
                "spec": [
                    "replicas": JSON(replicas),
                    "template": [
                        "metadata": ["labels": ["app": .string(name)]],
                        "spec": ["containers": [["name": "main", "image": "pause"]]],
                    ],
                ]
            ])
    }

    private static func isReady(_ house: ControllerHouse, _ name: String, _ replicas: Int) async throws -> Bool {
        let found = try await house.api.find(.replicationControllers, namespace: "default", name: name)
        let pods = try await house.pods().filter { $0.label("app") == name }
        return pods.count == replicas && found?.status["readyReplicas"]?.int ?? 0 == replicas
            && found?.status["observedGeneration"]?.int == found?.generation
    }

    @Test("select their template's labels, keep the number of pods, and scale")
    func keepsPods() async throws {
        let house = try await ControllerHouse()
        let made = try await house.api.create(.replicationControllers, Self.controller("web", replicas: 3))
        #expect(made.spec["selector", "app"] == "web")
        #expect(made.label("app") == "web")
        try await eventually("three pods") { try await Self.isReady(house, "web", 3) }
        let pod = try #require(try await house.pods().first)
        #expect(pod.controller?.kind == "ReplicationController")
        try await house.api.delete(.pods, namespace: "default", name: pod.name, DeleteOptions())
        try await eventually("the pod is replaced") {
            let pods = try await house.pods()
            return try await Self.isReady(house, "web", 3) && !pods.contains { $0.uid == pod.uid }
        }
        let scale: JSON = ["spec": ["replicas": 1]]
        let answer = try await house.api.merge(
            .replicationControllers, namespace: "default", name: "web", scale, subresource: "scale")
        #expect(answer.status["selector"] == "app=web")
        try await eventually("one pod") { try await Self.isReady(house, "web", 1) }
        await house.stop()
    }

    @Test("leave their pods where the deletion does not say what becomes of them")
    func orphans() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.replicationControllers, Self.controller("web", replicas: 2))
        try await eventually("two pods") { try await Self.isReady(house, "web", 2) }
        try await house.api.delete(.replicationControllers, namespace: "default", name: "web", DeleteOptions())
        try await eventually("gone") {
            try await house.api.find(.replicationControllers, namespace: "default", name: "web") == nil
        }
        #expect(try await house.pods().count == 2)
        #expect(try await house.pods().allSatisfy(\.ownerReferences.isEmpty))
        // One of the same selector takes them over; told to, it takes them along.
        _ = try await house.api.create(.replicationControllers, Self.controller("web", replicas: 2))
        try await eventually("adopted") {
            try await house.pods().allSatisfy { $0.controller?.kind == "ReplicationController" }
        }
        try await house.api.delete(
            .replicationControllers, namespace: "default", name: "web", DeleteOptions(propagation: .background))
        try await eventually("no pods") { try await house.api.list(.pods, namespace: "default").items.isEmpty }
        await house.stop()
    }

    @Test(
        "are refused without a selector that matches their template",
        arguments: [
            (["spec": ["selector": ["app": "a"]]], "spec.template"),
            (
                [
                    "spec": [
                        "selector": ["app": "a"],
                        "template": [
                            "metadata": ["labels": ["app": "b"]],
                            "spec": ["containers": [["name": "c", "image": "d"]]],
                        ],
                    ]
                ], "spec.template.metadata.labels"
            ),
        ] as [(JSON, String)])
    func refused(_ fields: JSON, _ field: String) async throws {
        let cluster = try await TestCluster()
        let object = KubernetesObject(.replicationControllers, name: "web", namespace: "default", fields)
        await #expect {
            _ = try await cluster.api.create(.replicationControllers, object)
        } throws: { error in
            (error as? APIError)?.causes.contains { $0.field == field } == true
        }
        await cluster.stop()
    }
}
