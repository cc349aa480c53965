import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("Jobs")
struct JobTests {
    private static func job(_ name: String, _ spec: JSON = [:], restartPolicy: String = "Never") -> KubernetesObject {
        var whole: JSON = [
            "template": [
                "spec": [
                    "restartPolicy": .string(restartPolicy), "containers": [["name": "main", "image": "hello"]],
                ]
            ]
        ]
        whole.merge(spec)
        return KubernetesObject(.jobs, name: name, namespace: "default", ["spec": whole])
    }

    private static func running(_ house: ControllerHouse) async throws -> [KubernetesObject] {
        try await house.pods().filter { $0.status["phase"]?.string == "Running" }
    }

    private static func end(_ pod: KubernetesObject, _ phase: String, _ house: ControllerHouse) async throws {
        _ = try await house.api.merge(
            .pods, namespace: pod.namespace, name: pod.name, ["status": ["phase": .string(phase)]],
            subresource: "status")
    }

    private static func status(_ name: String, _ house: ControllerHouse) async throws -> JSON {
        try await house.api.get(.jobs, namespace: "default", name: name).status
    }

    @Test("a Job runs as many pods at a time as it says, counts each success once, and is complete")
    func completes() async throws {
        let house = try await ControllerHouse()
        let made = try await house.api.create(.jobs, Self.job("work", ["completions": 3, "parallelism": 2]))
        #expect(made.spec["selector"] == ["matchLabels": ["batch.kubernetes.io/controller-uid": .string(made.uid)]])
        for round in 0..<2 {
            let wanted = round == 0 ? 2 : 1
            try await eventually("pods run") { try await Self.running(house).count == wanted }
            try await eventually("earlier ones are counted") {
                try await Self.status("work", house)["succeeded"]?.int ?? 0 == round * 2
            }
            for pod in try await Self.running(house) {
                #expect(pod.finalizers == ["batch.kubernetes.io/job-tracking"])
                #expect(pod.label("job-name") == "work")
                try await Self.end(pod, "Succeeded", house)
            }
        }
        try await eventually("complete") {
            let status = try await Self.status("work", house)
            return Conditions.isTrue("Complete", in: status["conditions"])
        }
        let status = try await Self.status("work", house)
        #expect(status["succeeded"] == 3)
        #expect(status["active"] == nil)
        #expect(status["completionTime"] != nil)
        #expect(status["uncountedTerminatedPods"] == [:])
        #expect((status["conditions"]?.array ?? []).map { $0["type"]?.string } == ["SuccessCriteriaMet", "Complete"])
        #expect(Conditions.find("Complete", in: status["conditions"])?["reason"] == "CompletionsReached")
        #expect(try await house.pods().allSatisfy { $0.finalizers.isEmpty })
        try await eventually("told") { try await house.events("Completed") == ["Job completed"] }
        await house.stop()
    }

    @Test("a Job whose pods fail more often than it bears has failed, and its other pods go")
    func fails() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(
            .jobs, Self.job("work", ["completions": 2, "parallelism": 2, "backoffLimit": 0]))
        try await eventually("pods run") { try await Self.running(house).count == 2 }
        let pods = try await Self.running(house)
        try await Self.end(pods[0], "Failed", house)
        try await eventually("failed") {
            let status = try await Self.status("work", house)
            return Conditions.isTrue("Failed", in: status["conditions"])
        }
        let status = try await Self.status("work", house)
        #expect(status["failed"] == 2)
        #expect(Conditions.find("Failed", in: status["conditions"])?["reason"] == "BackoffLimitExceeded")
        #expect(try await house.api.find(.pods, namespace: "default", name: pods[1].name) == nil)
        await house.stop()
    }

    @Test("a suspended Job has no pods, and one that is resumed starts again without having failed")
    func suspends() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.jobs, Self.job("work"))
        try await eventually("runs") { try await Self.running(house).count == 1 }
        func suspend(_ isSuspended: Bool) async throws {
            _ = try await house.api.merge(
                .jobs, namespace: "default", name: "work", ["spec": ["suspend": .bool(isSuspended)]])
        }
        try await suspend(true)
        try await eventually("suspended") {
            let status = try await Self.status("work", house)
            let pods = try await house.api.list(.pods, namespace: "default").items
            return Conditions.isTrue("Suspended", in: status["conditions"]) && pods.isEmpty && status["active"] == nil
        }
        try await suspend(false)
        try await eventually("runs again") { try await Self.running(house).count == 1 }
        let status = try await Self.status("work", house)
        #expect(Conditions.find("Suspended", in: status["conditions"])?["reason"] == "JobResumed")
        #expect(status["failed"] == nil)
        await house.stop()
    }

    @Test("the pods of an Indexed Job know their index, and a failed index is tried again")
    func indexed() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(
            .jobs, Self.job("work", ["completions": 3, "parallelism": 3, "completionMode": "Indexed"]))
        try await eventually("pods run") { try await Self.running(house).count == 3 }
        let pods = try await Self.running(house)
        #expect(Set(pods.compactMap(JobIndexes.index)) == [0, 1, 2])
        let first = try #require(pods.first { JobIndexes.index(of: $0) == 0 })
        #expect(first.name.hasPrefix("work-0-"))
        #expect(first.spec["hostname"] == "work-0")
        #expect(first.spec["containers"]?[0]?["env"]?[0]?["name"] == "JOB_COMPLETION_INDEX")
        for pod in pods where JobIndexes.index(of: pod) != 0 { try await Self.end(pod, "Succeeded", house) }
        try await eventually("two done") {
            try await Self.status("work", house)["completedIndexes"]?.string == "1,2"
        }
        try await house.api.delete(.pods, namespace: "default", name: first.name, DeleteOptions())
        try await eventually("index 0 runs again") {
            let again = try await Self.running(house)
            return again.count == 1 && again.compactMap(JobIndexes.index) == [0] && again[0].uid != first.uid
        }
        await house.stop()
    }

    @Test("a deleted Job takes its pods along, though they are held for counting")
    func deletion() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.jobs, Self.job("work", ["completions": 2, "parallelism": 2]))
        try await eventually("pods run") { try await Self.running(house).count == 2 }
        try await house.api.delete(
            .jobs, namespace: "default", name: "work", DeleteOptions(propagation: .background))
        try await eventually("gone") { try await house.api.list(.pods, namespace: "default").items.isEmpty }
        await house.stop()
    }

    @Test("a Job with ttlSecondsAfterFinished goes by itself")
    func expires() async throws {
        let house = try await ControllerHouse()
        _ = try await house.api.create(.jobs, Self.job("work", ["ttlSecondsAfterFinished": 0]))
        try await eventually("runs") { try await Self.running(house).count == 1 }
        for pod in try await Self.running(house) { try await Self.end(pod, "Succeeded", house) }
        try await eventually("gone") {
            let pods = try await house.api.list(.pods, namespace: "default").items
            return try await house.api.find(.jobs, namespace: "default", name: "work") == nil && pods.isEmpty
        }
        await house.stop()
    }

    @Test("a template that always restarts is refused")
    func restartPolicy() async throws {
        let house = try await ControllerHouse()
        await #expect(throws: APIError.self) {
            try await house.api.create(.jobs, Self.job("work", restartPolicy: "Always"))
        }
        await house.stop()
    }

    // MARK: - Values

    @Test(
        "completed indexes are written as ranges",
        arguments: [
            ([], ""), ([0], "0"), ([0, 1], "0,1"), ([0, 1, 2, 5], "0-2,5"), ([3, 7, 8, 9], "3,7-9"),
        ] as [(Set<Int>, String)])
    func indexes(_ values: Set<Int>, _ text: String) {
        #expect(JobIndexes(values).text == text)
        #expect(JobIndexes(text: text, below: 100).values == values)
        #expect(JobIndexes(text: "0-1000000000,x,-3", below: 3).values == [0, 1, 2])
    }

    @Test(
        "failures in a row are waited for twice as long each, and a success ends the row",
        arguments: [
            (["Failed"], 10), (["Failed", "Failed"], 20), (["Failed", "Failed", "Failed"], 40),
            (["Failed", "Succeeded"], 0), (["Succeeded", "Failed"], 10), (Array(repeating: "Failed", count: 12), 600),
        ] as [([String], Int)])
    func delays(_ phases: [String], _ seconds: Int) {
        let pods = phases.enumerated().map { place, phase in
            PodFacts(
                KubernetesObject(
                    .pods, name: "p\(place)", namespace: "default",
                    [
                        "status": [
                            "phase": .string(phase),
                            "containerStatuses": [
                                ["state": ["terminated": ["finishedAt": .string(Timestamp.text(1000 + place))]]]
                            ],
                        ]
                    ]))
        }
        let now = 1000 + phases.count - 1
        #expect(JobTracking.delay(after: pods, JobSpec(Self.job("work")), now: now, base: 10) == seconds)
        #expect(JobTracking.delay(after: pods, JobSpec(Self.job("work")), now: now + 600, base: 10) == 0)
    }

    @Test(
        "how many pods are wanted",
        arguments: [
            (["completions": 5, "parallelism": 2], 0, 0, 2), (["completions": 5, "parallelism": 2], 4, 0, 1),
            (["completions": 5, "parallelism": 9], 2, 0, 3), (["parallelism": 3], 0, 1, 3),
            (["parallelism": 3], 1, 2, 2),
        ] as [(JSON, Int, Int, Int)])
    func wanted(_ spec: JSON, _ succeeded: Int, _ active: Int, _ wanted: Int) {
        #expect(JobSpec(Self.job("work", spec)).wantedActive(succeeded: succeeded, active: active) == wanted)
    }

    @Test("a Job takes over the pods it selects that nobody manages, and gives up those it does not select")
    func claims() async throws {
        let house = try await ControllerHouse()
        let job = try await house.api.create(.jobs, Self.job("work", ["completions": 2, "parallelism": 1]))
        try await eventually("a pod runs") { try await Self.running(house).count == 1 }
        let pod = try #require(try await Self.running(house).first)
        func change(_ metadata: JSON) async throws {
            _ = try await house.api.merge(
                .pods, namespace: "default", name: pod.name, ["metadata": metadata], subresource: nil)
        }
        try await change(["ownerReferences": .null])
        try await eventually("taken over") {
            let now = try await house.api.get(.pods, namespace: "default", name: pod.name)
            return now.controller?.uid == job.uid && now.finalizers == ["batch.kubernetes.io/job-tracking"]
        }
        try await change(["labels": .null])
        try await eventually("given up") {
            let now = try await house.api.get(.pods, namespace: "default", name: pod.name)
            return now.controller == nil && now.finalizers.isEmpty
        }
        try await eventually("replaced") {
            try await house.pods().contains { $0.name != pod.name && $0.controller?.uid == job.uid }
        }
        await house.stop()
    }
}
