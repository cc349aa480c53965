import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import Hub

@Suite("What a pod uses besides itself", .timeLimit(.minutes(1))) struct UnsentReferencesTests {
    private func references(_ spec: JSON) -> UnsentReferences {
        UnsentReferences(KubernetesObject(.pods, name: "p", namespace: "shop", ["spec": spec]))
    }

    @Test("every place is found where a pod names something, each thing once, and what it does without is not")
    func places() {
        let found = references([
            "serviceAccountName": "builder", "imagePullSecrets": [["name": "pull"]],
            "volumes": [
                ["name": "a", "configMap": ["name": "one"]], ["name": "b", "secret": ["secretName": "two"]],
                ["name": "c", "configMap": ["name": "spare", "optional": true]],
                ["name": "d", "persistentVolumeClaim": ["claimName": "disk"]],
                ["name": "e", "secret": ["secretName": "builder-token-x7x7x"]],
                [
                    "name": "kube-api-access-z",
                    "projected": [
                        "sources": [
                            ["serviceAccountToken": ["path": "token"]], ["configMap": ["name": "kube-root-ca.crt"]],
                            ["secret": ["name": "three"]],
                        ]
                    ],
                ],
                ["name": "f", "emptyDir": [:]],
            ],
            "initContainers": [["envFrom": [["configMapRef": ["name": "four"]], ["secretRef": ["name": "two"]]]]],
            "containers": [
                [
                    "env": [
                        ["name": "A", "value": "a"],
                        ["name": "B", "valueFrom": ["configMapKeyRef": ["name": "one", "key": "k"]]],
                        ["name": "C", "valueFrom": ["secretKeyRef": ["name": "five", "key": "k"]]],
                        ["name": "D", "valueFrom": ["secretKeyRef": ["name": "no", "key": "k", "optional": true]]],
                    ]
                ]
            ],
        ])
        #expect(
            found.objects == [
                "ConfigMap \"one\"", "Secret \"two\"", "PersistentVolumeClaim \"disk\"", "Secret \"three\"",
                "ConfigMap \"four\"", "Secret \"five\"", "Secret \"pull\"",
            ])
        #expect(found.serviceAccount == "builder")
    }

    @Test("an ordinary pod needs nothing", arguments: [[:], ["serviceAccountName": "default"]] as [JSON])
    func ordinary(_ spec: JSON) {
        #expect(references(spec).message(edge: "rome", namespace: "shop") == nil)
    }

    @Test("the pod's events say what its edge must have, once for each edge that gets it")
    func event() async throws {
        let bench = try HubBench()
        try await bench.run {
            try await bench.namespace()
            try await bench.offloading(finalizers: ["causeway.io/offloading"])
            bench.edge("rome", connected: true)
            let pod = try await bench.pod("p")
            var spec = pod.spec
            spec["volumes"] = [["name": "a", "configMap": ["name": "settings"]]]
            _ = try await bench.cluster.merge(.pods, namespace: "shop", name: "p", ["spec": spec])
            for _ in 0..<3 { _ = try await bench.reconcile(pod: "p") }
            let events = try await bench.cluster.list(.coreEvents).items.filter { $0.json["reason"] == "NotReflected" }
            #expect(events.count == 1)
            #expect(events.first?.json["count"] == 1)
            #expect(
                events.first?.json["message"]
                    == "ConfigMap \"settings\" must be in namespace shop of edge rome: the pod uses them and comes alone"
            )
        }
    }
}
