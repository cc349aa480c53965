import JSONTree
import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("The plan of a ReplicaSet")
struct ReplicaSetPlanTests {
    @Test("makes what is missing and deletes what is too much, a burst at a time")
    func next() {
        #expect(ReplicaSetPlan.next(wanted: 3, active: 3) == .none)
        #expect(ReplicaSetPlan.next(wanted: 3, active: 1) == .create(2))
        #expect(ReplicaSetPlan.next(wanted: 0, active: 2) == .delete(2))
        #expect(ReplicaSetPlan.next(wanted: 10_000, active: 0) == .create(500))
    }

    @Test("starts slowly, so that a pod that is refused is refused once")
    func batches() {
        #expect(ReplicaSetPlan.batches(of: 0) == [])
        #expect(ReplicaSetPlan.batches(of: 1) == [1])
        #expect(ReplicaSetPlan.batches(of: 20) == [1, 2, 4, 8, 5])
    }

    @Test("counts pods that run or will, and of those the ready and the available ones")
    func status() {
        func pod(_ phase: String, ready: String, since: Int = 0, isGoing: Bool = false, label: String = "x") -> PodFacts
        {
            var json: JSON = [
                "metadata": ["name": "p", "labels": ["app": .string(label)]],
                "status": [
                    "phase": .string(phase),
                    "conditions": [
                        [
                            "type": "Ready", "status": .string(ready),
                            "lastTransitionTime": .string(Timestamp.text(since)),
                        ]
                    ],
                ],
            ]
            if isGoing { json["metadata", "deletionTimestamp"] = "2026-11-21T08:00:00Z" }
            return PodFacts(KubernetesObject(json))
        }
        let set = KubernetesObject([
            "metadata": ["name": "rs", "generation": 3],
            "spec": ["minReadySeconds": 10, "template": ["metadata": ["labels": ["app": "x"]]]],
        ])
        let pods = [
            pod("Running", ready: "True", since: 80), pod("Running", ready: "True", since: 95),
            pod("Pending", ready: "False", label: "y"), pod("Failed", ready: "False"),
            pod("Running", ready: "True", isGoing: true),
        ]
        let status = ReplicaSetPlan.status(of: set, pods: pods, failure: nil, now: 100)
        #expect(
            status == [
                "replicas": 3, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 1,
                "terminatingReplicas": 1, "observedGeneration": 3,
            ])
        #expect(ReplicaSetPlan.secondsUntilAvailable(pods, minReadySeconds: 10, now: 100) == 5)
    }
}
