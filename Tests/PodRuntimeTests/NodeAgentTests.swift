import ClusterAPI
import Foundation
import JSONTree
import KubernetesModel
import Logging
import PodHost
import PodRecords
import TestKit
import Testing

@testable import PodRuntime

@Suite(.serialized) struct NodeAgentTests {
    static let logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    /// Runs an agent of the node `node-1` while `body` runs: one life of a daemon.
    static func agent<T: Sendable>(
        _ cluster: FakeCluster, _ runtime: any PodRuntime, leaseRenewal: Duration = .seconds(10),
        _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let agent = NodeAgent(
            cluster: cluster, runtime: runtime,
            configuration: NodeAgentConfiguration(
                nodes: [.init(name: "node-1", labels: ["zone": "a"], roles: ["control-plane"])],
                kubeletVersion: "v1.36.0",
                podCIDR: "10.231.0.0/24", leaseRenewal: leaseRenewal, retryInterval: .milliseconds(100)),
            logger: logger)
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                await agent.run()
                return nil
            }
            group.addTask { try await body() }
            while let result = try await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            throw CancellationError()
        }
    }

    static func create(_ cluster: FakeCluster, _ request: PodRequest) async throws -> KubernetesObject {
        var pod = request.pod
        pod.json["metadata", "uid"] = nil
        return try await cluster.create(.pods, pod)
    }

    static func wait(
        _ cluster: FakeCluster, _ what: String, _ condition: @escaping @Sendable (KubernetesObject) -> Bool
    ) async throws -> KubernetesObject {
        try await eventually(what) {
            guard let pod = try await cluster.find(.pods, namespace: "default", name: "web"), condition(pod) else {
                return nil
            }
            return pod
        }
    }

    static func isReady(_ pod: KubernetesObject) -> Bool {
        pod.status["phase"] == "Running" && Conditions.isTrue("Ready", in: pod.status["conditions"])
    }

    @Test("a pod that is active longer than it may fails, and says why")
    func overdue() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            try await Self.agent(cluster, try await fixture.open()) {
                var request = RuntimeFixture.pod(command: ["sleep", "1000"])
                request.pod.spec["activeDeadlineSeconds"] = 1
                _ = try await Self.create(cluster, request)
                let pod = try await Self.wait(cluster, "the pod has failed") { $0.status["phase"] == "Failed" }
                #expect(pod.status["reason"] == "DeadlineExceeded")
                #expect(
                    pod.status["message"] == "Pod was active on the node longer than the specified deadline")
                #expect(pod.status["containerStatuses", "0", "state"]?["running"] == nil)
            }
        }
    }

    @Test("a node is registered with its labels, capacity and lease, and comes back when it is deleted")
    func registration() async throws {
        let cluster = FakeCluster()
        let runtime = try HollowRuntime(podCIDR: "10.231.0.0/24")
        try await Self.agent(cluster, runtime) {
            let node = try await eventually("the node is ready") { () -> KubernetesObject? in
                guard let node = try await cluster.find(.nodes, name: "node-1"),
                    Conditions.isTrue("Ready", in: node.status["conditions"])
                else { return nil }
                return node
            }
            #expect(node.label("node-role.kubernetes.io/control-plane") == "")
            #expect(node.label("zone") == "a")
            #expect(node.label("kubernetes.io/hostname") == "node-1")
            #expect(node.status["capacity", "pods"] == "110")
            #expect(node.status["nodeInfo", "containerRuntimeVersion"]?.string?.hasPrefix("hollow://") == true)
            #expect(node.status["nodeInfo", "kubeletVersion"] == "v1.36.0")
            #expect(node.annotation(NodeObject.warningAnnotation) != nil)
            try await eventually("the lease is there") {
                try await cluster.find(.leases, namespace: "kube-node-lease", name: "node-1")?.spec["holderIdentity"]
                    == "node-1"
            }
        }
    }

    @Test("a resource that somebody adds to a node's capacity is there to be allocated")
    func extendedResources() async throws {
        let cluster = FakeCluster()
        let runtime = try HollowRuntime(podCIDR: "10.231.0.0/24")
        try await Self.agent(cluster, runtime, leaseRenewal: .milliseconds(50)) {
            @Sendable func status() async throws -> JSON {
                try await cluster.find(.nodes, name: "node-1")?.status ?? [:]
            }
            try await eventually("the node is there") { try await status()["allocatable", "pods"] == "110" }
            _ = try await cluster.merge(
                .nodes, name: "node-1", ["status": ["capacity": ["example.com/gpu": "5", "pods": "9"]]],
                subresource: "status")
            try await eventually("it is taken over, and the node's own is as it was") {
                let status = try await status()
                return status["capacity", "example.com/gpu"] == "5" && status["allocatable", "example.com/gpu"] == "5"
                    && status["allocatable", "pods"] == "110"
            }
        }
    }

    @Test("a hollow pod runs, is deleted, and leaves nothing")
    func hollow() async throws {
        let cluster = FakeCluster()
        let runtime = try HollowRuntime(podCIDR: "10.231.0.0/24")
        try await Self.agent(cluster, runtime) {
            _ = try await Self.create(cluster, RuntimeFixture.pod())
            let pod = try await Self.wait(cluster, "it is ready", Self.isReady)
            #expect(pod.status["podIP"] == "10.231.0.2")
            try await cluster.delete(.pods, namespace: "default", name: "web", DeleteOptions())
            try await eventually("it is gone") {
                try await cluster.find(.pods, namespace: "default", name: "web") == nil
            }
            try await eventually("the runtime has forgotten it") { await runtime.list().isEmpty }
        }
    }

    @Test("a pod's life is written down and told")
    func life() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            let runtime = try await fixture.open()
            try await Self.agent(cluster, runtime) {
                _ = try await Self.create(cluster, RuntimeFixture.pod(image: "sleeper"))
                let pod = try await Self.wait(cluster, "it is ready", Self.isReady)
                #expect(pod.status["podIP"]?.string == (await runtime.status(uid: pod.uid))?.address)
                #expect(pod.status["containerStatuses"]?[0]?["state", "running", "startedAt"] != nil)
                try await eventually("it is told") {
                    let events = try await cluster.list(.coreEvents, namespace: "default").items
                    return Set(events.compactMap { $0.json["reason"]?.string }).isSuperset(of: [
                        "Pulled", "Created", "Started",
                    ])
                }
                try await cluster.delete(
                    .pods, namespace: "default", name: "web", DeleteOptions(gracePeriodSeconds: 5))
                try await eventually("it is gone") {
                    try await cluster.find(.pods, namespace: "default", name: "web") == nil
                }
                try await eventually("the runtime has forgotten it") { await runtime.list().isEmpty }
            }
        }
    }

    @Test("a daemon that is back goes on with the same process, and ends pods that were deleted meanwhile")
    func comesBack() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            let first = try await fixture.open()
            let uid = try await Self.agent(cluster, first) {
                _ = try await Self.create(cluster, RuntimeFixture.pod(image: "sleeper"))
                return try await Self.wait(cluster, "it is ready", Self.isReady).uid
            }
            let before = await first.status(uid: uid)?["main"].flatMap(RuntimeFixture.process)
            let second = try await fixture.open()
            try await Self.agent(cluster, second) {
                try await eventually("the node is back") {
                    try await cluster.find(.nodes, name: "node-1") != nil
                }
                _ = try await Self.wait(cluster, "it is ready", Self.isReady)
                let status = await second.status(uid: uid)?["main"]
                #expect(status.flatMap(RuntimeFixture.process) == before)
                #expect(status?.restartCount == 0)
            }
            try await cluster.delete(
                .pods, namespace: "default", name: "web", DeleteOptions(gracePeriodSeconds: 0))
            // A cluster that does not answer says nothing about what is to end.
            cluster.failure = ClusterUnreachable("away")
            let third = try await fixture.open()
            try await Self.agent(cluster, third) {
                try await Task.sleep(for: .milliseconds(200))
                #expect(await third.status(uid: uid)?.phase == .active)
                cluster.failure = nil
                try await eventually("it is ended") { await third.list().isEmpty }
            }
        }
    }

    @Test("a finished pod stays finished, also for a daemon that has lost its folder")
    func finished() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            let marker = fixture.folder + "/runs"
            let command = ["sh", "-c", "echo run >> \(marker)"]
            try await Self.agent(cluster, try await fixture.open()) {
                _ = try await Self.create(cluster, RuntimeFixture.pod(policy: "Never", command: command))
                let pod = try await Self.wait(cluster, "it has succeeded") { $0.status["phase"] == "Succeeded" }
                #expect(Conditions.find("Ready", in: pod.status["conditions"])?["reason"] == "PodCompleted")
            }
            await (try fixture.open()).purge()
            let again = try await fixture.open()
            try await Self.agent(cluster, again) {
                _ = try await Self.create(cluster, RuntimeFixture.pod("other", image: "sleeper"))
                try await eventually("the other runs") { await again.list().contains { $0.name == "other" } }
            }
            #expect(try String(contentsOfFile: marker, encoding: .utf8) == "run\n")
        }
    }

    @Test("a pod whose supervisor is killed starts again by itself")
    func supervisorKilled() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            let runtime = try await fixture.open()
            try await Self.agent(cluster, runtime) {
                _ = try await Self.create(cluster, RuntimeFixture.pod(image: "sleeper"))
                let pod = try await Self.wait(cluster, "it is ready", Self.isReady)
                let folder = PodFolder(path: fixture.configuration.folder + "/pods/\(pod.uid)")
                ProcessTable().kill(try #require(folder.state()?.supervisor))
                let again = try await Self.wait(cluster, "it is ready again") {
                    Self.isReady($0) && $0.status["containerStatuses"]?[0]?["restartCount"] == 1
                }
                #expect(again.status["containerStatuses"]?[0]?["lastState", "terminated", "reason"] == "Unknown")
                #expect(again.status["podIP"] == pod.status["podIP"])
            }
        }
    }

    @Test("a pod with an unknown image waits, says what to do, and can be deleted")
    func imageMissing() async throws {
        try await RuntimeFixture.with { fixture in
            let cluster = FakeCluster()
            let runtime = try await fixture.open()
            try await Self.agent(cluster, runtime) {
                _ = try await Self.create(cluster, RuntimeFixture.pod(image: "unknown:1"))
                let pod = try await Self.wait(cluster, "it waits") {
                    $0.status["containerStatuses"]?[0]?["state", "waiting", "reason"] == "ImagePullBackOff"
                }
                #expect(pod.status["phase"] == "Pending")
                try await eventually("it is told") {
                    try await cluster.list(.coreEvents, namespace: "default").items.contains {
                        $0.json["reason"] == "Failed" && $0.json["message"]?.string?.contains("images.yaml") == true
                    }
                }
                try await cluster.delete(.pods, namespace: "default", name: "web", DeleteOptions(gracePeriodSeconds: 5))
                try await eventually("it is gone") {
                    try await cluster.find(.pods, namespace: "default", name: "web") == nil
                }
            }
        }
    }
}
