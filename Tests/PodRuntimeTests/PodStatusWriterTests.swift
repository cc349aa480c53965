import JSONTree
import KubernetesModel
import PodRecords
import Testing

@testable import PodRuntime

@Suite struct PodStatusWriterTests {
    static let start = WallTime(nanoseconds: 1_000_000_000)
    static let running = ContainerState.running(ProcessIdentity(pid: 2, startTicks: 1), startedAt: start)

    static func ended(_ code: Int) -> ContainerState {
        .terminated(
            Termination(
                exitCode: code, reason: code == 0 ? "Completed" : "Error", startedAt: start,
                finishedAt: WallTime(nanoseconds: 2_000_000_000)))
    }

    static func record(
        _ name: String, _ state: ContainerState, kind: ContainerKind = .main, last: Termination? = nil,
        ready: Bool = false
    ) -> ContainerRecord {
        var record = ContainerRecord(name: name, kind: kind, state: state)
        if case .waiting = state, last == nil {} else { record.runs = last == nil ? 1 : 2 }
        record.last = last
        record.isReady = ready
        record.isStarted = state.isRunning
        return record
    }

    static func status(
        _ records: [ContainerRecord], policy: String = "Always", finished: Bool = false, old: JSON? = nil
    ) -> JSON {
        var pod = RuntimeFixture.pod(policy: policy).pod
        pod.spec["containers"] = .array(
            records.filter { $0.kind == .main }.map { ["name": .string($0.name), "image": "nginx"] })
        if let old { pod.status = old }
        let runtime = PodRuntimeStatus(
            uid: "uid-web", namespace: "default", name: "web", phase: finished ? .finished : .active,
            address: "10.0.0.5", startedAt: start, containers: records, isSupervised: !finished)
        return PodStatusWriter(pod: pod, runtime: runtime, runtimeName: "process", hostAddress: "10.0.0.1")
            .status(now: 100)
    }

    static let crashed = Termination(exitCode: 1, reason: "Error", startedAt: start, finishedAt: start)

    @Test(
        "the phase is the kubelet's",
        arguments: [
            ([record("a", running)], "Always", false, "Running"),
            ([record("a", .waiting(reason: "ContainerCreating", message: ""))], "Always", false, "Pending"),
            (
                [record("a", .waiting(reason: "CrashLoopBackOff", message: ""), last: crashed)], "Always", false,
                "Running"
            ),
            ([record("a", ended(0))], "Never", true, "Succeeded"),
            ([record("a", ended(1)), record("b", ended(0))], "Never", true, "Failed"),
            ([record("a", ended(0)), record("b", running)], "Never", false, "Running"),
            ([record("a", ended(143))], "Always", true, "Failed"),
            (
                [record("i", running, kind: .initial), record("a", .waiting(reason: "PodInitializing", message: ""))],
                "Always", false, "Pending"
            ),
            (
                [record("i", ended(1), kind: .initial), record("a", .waiting(reason: "PodInitializing", message: ""))],
                "Never", true, "Failed"
            ),
        ] as [([ContainerRecord], String, Bool, String)])
    func phase(records: [ContainerRecord], policy: String, finished: Bool, phase: String) {
        #expect(Self.status(records, policy: policy, finished: finished)["phase"]?.string == phase)
    }

    @Test("an unready container is named")
    func unready() {
        let status = Self.status([Self.record("nginx", Self.running), Self.record("b", Self.running, ready: true)])
        let ready = Conditions.find("Ready", in: status["conditions"])
        #expect(ready?["status"] == "False")
        #expect(ready?["reason"] == "ContainersNotReady")
        #expect(ready?["message"] == "containers with unready status: [nginx]")
        #expect(
            status["conditions"]?.array?.compactMap { $0["type"]?.string } == [
                "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
            ])
    }

    @Test("init containers that are not done are named")
    func uninitialized() {
        let status = Self.status([
            Self.record("i", Self.running, kind: .initial),
            Self.record("a", .waiting(reason: "PodInitializing", message: "")),
        ])
        let condition = Conditions.find("Initialized", in: status["conditions"])
        #expect(condition?["reason"] == "ContainersNotInitialized")
        #expect(condition?["message"] == "containers with incomplete status: [i]")
        #expect(status["initContainerStatuses"]?[0]?["name"] == "i")
    }

    @Test("a transition time moves only with its condition, and the same again is the same")
    func stable() {
        let records = [Self.record("a", Self.running, ready: true)]
        let first = Self.status(records)
        #expect(Self.status(records, old: first) == first)
        #expect(Conditions.isTrue("Ready", in: first["conditions"]))
    }

    @Test("a container waiting for its restart shows how it ended")
    func crashLoop() {
        let status = Self.status([
            Self.record("a", .waiting(reason: "CrashLoopBackOff", message: "back-off 10s"), last: Self.crashed)
        ])
        let container = status["containerStatuses"]?[0]
        #expect(container?["state", "waiting", "reason"] == "CrashLoopBackOff")
        #expect(container?["lastState", "terminated", "exitCode"] == 1)
        #expect(container?["lastState", "terminated", "containerID"] == container?["containerID"])
        #expect(container?["restartCount"] == 1)
    }
}
