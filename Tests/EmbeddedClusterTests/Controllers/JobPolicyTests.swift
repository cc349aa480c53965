import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

/// Jobs that say themselves what a failure and a success are.
@Suite("Job policies")
struct JobPolicyTests {
    private static func job(_ spec: JSON) -> KubernetesObject {
        var whole: JSON = [
            "completionMode": "Indexed", "completions": 3, "parallelism": 3,
            "template": ["spec": ["restartPolicy": "Never", "containers": [["name": "main", "image": "hello"]]]],
        ]
        whole.merge(spec)
        return KubernetesObject(.jobs, name: "work", namespace: "default", ["spec": whole])
    }

    private static func status(_ house: ControllerHouse) async throws -> JSON {
        try await house.api.get(.jobs, namespace: "default", name: "work").status
    }

    private static func condition(_ type: String, _ house: ControllerHouse) async throws -> JSON? {
        Conditions.find(type, in: try await status(house)["conditions"])
    }

    /// The running pod of an index.
    private static func pod(_ index: Int, _ house: ControllerHouse) async throws -> KubernetesObject? {
        try await house.pods().first {
            JobIndexes.index(of: $0) == index && $0.status["phase"]?.string == "Running"
        }
    }

    private static func end(
        _ index: Int, _ phase: String, exitCode: Int = 1, _ house: ControllerHouse, after before: String = ""
    ) async throws -> KubernetesObject {
        let pod = try await eventually("index \(index) runs") { () -> KubernetesObject? in
            guard let pod = try await Self.pod(index, house), pod.uid != before else { return nil }
            return pod
        }
        _ = try await house.api.merge(
            .pods, namespace: "default", name: pod.name,
            [
                "status": [
                    "phase": .string(phase),
                    "containerStatuses": [
                        [
                            "name": "main", "image": "hello", "imageID": "", "ready": false, "restartCount": 0,
                            "state": [
                                "terminated": ["exitCode": JSON(exitCode), "finishedAt": "2026-11-21T08:00:00Z"]
                            ],
                        ]
                    ],
                ]
            ], subresource: "status")
        return pod
    }

    @Test("each index has failures of its own, and the Job fails once all others are done")
    func failuresByIndex() async throws {
        let house = try await ControllerHouse()
        let made = try await house.api.create(.jobs, Self.job(["backoffLimitPerIndex": 1]))
        #expect(made.spec["backoffLimit"] == JSON(Int(Int32.max)))
        let first = try await Self.end(0, "Failed", house)
        #expect(first.annotation("batch.kubernetes.io/job-index-failure-count") == "0")
        let second = try await Self.end(0, "Failed", house, after: first.uid)
        #expect(second.annotation("batch.kubernetes.io/job-index-failure-count") == "1")
        try await eventually("index 0 is given up") { try await Self.status(house)["failedIndexes"] == "0" }
        #expect(try await Self.status(house)["conditions"] == nil)
        for index in 1...2 { _ = try await Self.end(index, "Succeeded", exitCode: 0, house) }
        try await eventually("failed") { try await Self.condition("Failed", house)?["reason"] == "FailedIndexes" }
        let status = try await Self.status(house)
        #expect(status["completedIndexes"] == "1,2")
        #expect(status["failed"] == 2)
        #expect(status["succeeded"] == 2)
        #expect(Conditions.find("Failed", in: status["conditions"])?["message"] == "Job has failed indexes")
        #expect(try await house.pods().allSatisfy { $0.finalizers.isEmpty })
        await house.stop()
    }

    @Test("more failed indexes than a Job bears end it")
    func tooManyFailedIndexes() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.jobs, Self.job(["backoffLimitPerIndex": 0, "maxFailedIndexes": 1]))
        _ = try await Self.end(0, "Failed", house)
        _ = try await Self.end(1, "Failed", house)
        try await eventually("failed") {
            try await Self.condition("Failed", house)?["reason"] == "MaxFailedIndexesExceeded"
        }
        // The last index's pod is killed, and counts where it is seen before it is gone.
        let failed = try await Self.status(house)["failedIndexes"]
        #expect(failed == "0,1" || failed == "0-2", "\(String(describing: failed))")
        await house.stop()
    }

    @Test("an exit code can end the Job, an index, or not count at all")
    func exitCodes() async throws {
        let house = try await ControllerHouse()
        func rule(_ action: String, _ code: Int) -> JSON {
            ["action": .string(action), "onExitCodes": ["operator": "In", "values": [JSON(code)]]]
        }
        _ = try await house.api.create(
            .jobs,
            Self.job([
                "backoffLimitPerIndex": 3,
                "podFailurePolicy": ["rules": [rule("Ignore", 1), rule("FailIndex", 2), rule("FailJob", 3)]],
            ]))
        let ignored = try await Self.end(0, "Failed", exitCode: 1, house)
        let again = try await eventually("index 0 runs again") { () -> KubernetesObject? in
            guard let pod = try await Self.pod(0, house), pod.uid != ignored.uid else { return nil }
            return pod
        }
        #expect(again.annotation("batch.kubernetes.io/job-index-failure-count") == "0")
        #expect(again.annotation("batch.kubernetes.io/job-index-ignored-failure-count") == "1")
        _ = try await Self.end(1, "Failed", exitCode: 2, house)
        try await eventually("index 1 is given up") { try await Self.status(house)["failedIndexes"] == "1" }
        try await eventually("its failure is counted") { try await Self.status(house)["failed"] == 1 }
        let last = try await Self.end(2, "Failed", exitCode: 3, house)
        try await eventually("failed") { try await Self.condition("Failed", house) != nil }
        let condition = try await Self.condition("Failed", house)
        #expect(condition?["reason"] == "PodFailurePolicy")
        #expect(
            condition?["message"]?.string
                == "Container main for pod default/\(last.name) failed with exit code 3 matching FailJob rule at index 2"
        )
        await house.stop()
    }

    @Test("some indexes can be enough, and the others' pods go")
    func successPolicy() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(
            .jobs, Self.job(["successPolicy": ["rules": [["succeededIndexes": "1-2", "succeededCount": 1]]]]))
        _ = try await Self.end(2, "Succeeded", exitCode: 0, house)
        try await eventually("complete") { try await Self.condition("Complete", house) != nil }
        let status = try await Self.status(house)
        for type in ["SuccessCriteriaMet", "Complete"] {
            let condition = Conditions.find(type, in: status["conditions"])
            #expect(condition?["reason"] == "SuccessPolicy")
            #expect(condition?["message"] == "Matched rules at index 0")
        }
        #expect(status["succeeded"] == 1)
        #expect(status["failed"] == nil)
        #expect(try await house.pods().count == 1)
        await house.stop()
    }

    @Test("a Job that another controller manages is left alone")
    func managedBy() async throws {
        let house = try await ControllerHouse()
        var other = Self.job(["managedBy": "example.com/mine"])
        other.json["metadata", "name"] = "theirs"
        _ = try await house.api.create(.jobs, other)
        _ = try await house.api.create(.jobs, Self.job(["managedBy": "kubernetes.io/job-controller"]))
        try await eventually("ours runs") { try await house.pods().count == 3 }
        #expect(try await house.api.get(.jobs, namespace: "default", name: "theirs").json["status"] ?? [:] == [:])
        await house.stop()
    }
}
