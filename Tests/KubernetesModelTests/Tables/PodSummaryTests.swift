import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Pod summary")
struct PodSummaryTests {
    private func pod(_ status: JSON, spec: JSON = ["containers": [["name": "c"]]], deleting: Bool = false) -> PodSummary
    {
        var json: JSON = ["metadata": ["name": "p"], "spec": spec, "status": status]
        if deleting { json["metadata", "deletionTimestamp"] = "2026-11-21T08:00:00Z" }
        return PodSummary(KubernetesObject(json))
    }

    @Test(
        "the first container's state is the pod's word",
        arguments: [
            (#"{"phase":"Pending"}"#, "Pending"),
            (#"{"phase":"Failed","reason":"Evicted"}"#, "Evicted"),
            (
                #"{"phase":"Running","containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}"#,
                "CrashLoopBackOff"
            ),
            (
                #"{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}"#,
                "Completed"
            ),
            (#"{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":3}}}]}"#, "ExitCode:3"),
            (#"{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"signal":9}}}]}"#, "Signal:9"),
            (
                #"{"phase":"Pending","initContainerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}"#,
                "Init:0/1"
            ),
            (
                #"{"phase":"Pending","initContainerStatuses":[{"state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}"#,
                "Init:Error"
            ),
            (
                #"{"phase":"Pending","conditions":[{"type":"PodScheduled","reason":"SchedulingGated"}]}"#,
                "SchedulingGated"
            ),
        ])
    func reasons(status: String, reason: String) throws {
        let spec: JSON = ["containers": [["name": "c"]], "initContainers": [["name": "i"]]]
        #expect(pod(try JSON(parsing: status), spec: spec).reason == reason)
    }

    @Test("a pod that is being deleted is Terminating until it has ended")
    func deletion() {
        #expect(pod(["phase": "Running"], deleting: true).reason == "Terminating")
        #expect(pod(["phase": "Succeeded"], deleting: true).reason == "Succeeded")
        #expect(pod(["phase": "Running", "reason": "NodeLost"], deleting: true).reason == "Unknown")
    }

    @Test("restarts are counted, with the time of the last one")
    func restarts() throws {
        let object = KubernetesObject([
            "metadata": ["name": "p", "creationTimestamp": "2026-11-21T08:00:00Z"],
            "spec": ["containers": [["name": "a"], ["name": "b"]]],
            "status": [
                "phase": "Running",
                "containerStatuses": [
                    [
                        "restartCount": 2, "ready": true, "state": ["running": [:]],
                        "lastState": ["terminated": ["finishedAt": "2026-11-21T08:01:00Z"]],
                    ],
                    ["restartCount": 1, "ready": false, "state": ["running": [:]]],
                ],
            ],
        ])
        let now = try #require(Timestamp.seconds("2026-11-21T08:01:03Z"))
        let cells = TableColumns.columns(for: .pods).row(object, now)
        #expect(
            JSON.array(cells) == ["p", "1/2", "Running", "3 (3s ago)", "63s", "<none>", "<none>", "<none>", "<none>"])
    }

    @Test("a running sidecar counts as a container")
    func sidecar() {
        let summary = pod(
            [
                "phase": "Running",
                "initContainerStatuses": [
                    ["name": "s", "started": true, "ready": true, "restartCount": 1, "state": ["running": [:]]]
                ],
                "containerStatuses": [["ready": true, "restartCount": 0, "state": ["running": [:]]]],
            ],
            spec: ["containers": [["name": "c"]], "initContainers": [["name": "s", "restartPolicy": "Always"]]])
        #expect(summary.ready == 2)
        #expect(summary.total == 2)
        #expect(summary.restarts == 1)
        #expect(summary.reason == "Running")
    }
}
