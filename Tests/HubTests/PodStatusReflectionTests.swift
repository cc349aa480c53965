import JSONTree
import KubernetesModel
import Testing

@testable import Hub

@Suite("Pods' statuses from an edge")
struct PodStatusReflectionTests {
    private let pod = KubernetesObject(
        .pods, name: "a", namespace: "shop",
        [
            "status": [
                "phase": "Pending", "qosClass": "BestEffort",
                "conditions": [["type": "PodScheduled", "status": "True"]],
            ]
        ])

    @Test("the edge's facts are taken over, the origin's stay")
    func reflects() throws {
        let remote: JSON = [
            "phase": "Running", "podIP": "10.1.0.5",
            "conditions": [["type": "Ready", "status": "True"], ["type": "PodScheduled", "status": "False"]],
        ]
        let status = try #require(PodStatusReflection.status(of: pod, remote: remote))
        #expect(status["phase"] == "Running")
        #expect(status["qosClass"] == "BestEffort")
        #expect(Conditions.isTrue("PodScheduled", in: status["conditions"]))
        var running = pod
        running.status = status
        #expect(PodStatusReflection.status(of: running, remote: remote) == nil)
        let away = try #require(PodStatusReflection.unreachable(running, now: 5))
        #expect(!Conditions.isTrue("Ready", in: away["conditions"]))
    }

    @Test("which generation of its own pod an edge has seen says nothing about the origin's")
    func generations() throws {
        let remote: JSON = [
            "phase": "Running", "observedGeneration": 1,
            "conditions": [["type": "Ready", "status": "True", "observedGeneration": 1]],
        ]
        let status = try #require(PodStatusReflection.status(of: pod, remote: remote))
        #expect(status["observedGeneration"] == nil)
        #expect(Conditions.find("Ready", in: status["conditions"]) == ["type": "Ready", "status": "True"])
    }

    @Test("a finished pod stays finished (A7)")
    func finished() {
        var done = pod
        done.status = ["phase": "Succeeded"]
        #expect(PodStatusReflection.status(of: done, remote: ["phase": "Running"]) == nil)
    }

    @Test("a pod that is given up has nothing that runs or is ready, and what ended before stays as it was")
    func ended() {
        let finished: JSON = ["name": "b", "ready": false, "state": ["terminated": ["exitCode": 3]]]
        let pod = KubernetesObject(
            .pods, name: "p", namespace: "demo",
            [
                "status": [
                    "conditions": [
                        ["type": "Ready", "status": "True"], ["type": "ContainersReady", "status": "True"],
                    ],
                    "containerStatuses": [
                        ["name": "a", "ready": true, "started": true, "restartCount": 2, "state": ["running": [:]]],
                        finished,
                    ],
                ]
            ])
        let status = PodStatusReflection.ended(pod, now: 1000)
        #expect(!Conditions.isTrue("Ready", in: status["conditions"]))
        #expect(!Conditions.isTrue("ContainersReady", in: status["conditions"]))
        let first = status["containerStatuses"]?.array?.first
        #expect(first?["ready"] == false && first?["started"] == false && first?["restartCount"] == 2)
        #expect(first?["state"]?["running"] == nil)
        #expect(first?["state"]?["terminated"]?["reason"] == "ContainerStatusUnknown")
        #expect(status["containerStatuses"]?.array?.last == finished)
    }

    @Test("a container's reason to wait is told once, when it comes")
    func complaints() {
        func status(_ waiting: JSON) -> JSON { ["containerStatuses": [["name": "c", "state": ["waiting": waiting]]]] }
        let creating = status(["reason": "ContainerCreating"])
        let stuck = status(["reason": "ImagePullBackOff", "message": "no entry for acme/x"])
        #expect(PodStatusReflection.complaints(before: [:], after: creating).isEmpty)
        #expect(
            PodStatusReflection.complaints(before: creating, after: stuck) == [
                .init(container: "c", reason: "ImagePullBackOff", message: "no entry for acme/x")
            ])
        #expect(PodStatusReflection.complaints(before: stuck, after: stuck).isEmpty)
    }
}
