import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit

/// An edge's machine and its kubelet: processes that outlive every agent, and the statuses that tell of them.
final class Machine {
    private struct Process {
        let origin: String
        let since: Duration
    }

    private let name: String
    private let ledger: Ledger
    /// By the uid of the edge's pod.
    private var processes: [String: Process] = [:]
    /// How long a pod of a job runs.
    static let jobTime = Duration.seconds(3)

    init(_ name: String, ledger: Ledger) {
        self.name = name
        self.ledger = ledger
    }

    var count: Int { processes.count }

    private func start(_ pod: KubernetesObject, _ now: Duration) {
        let origin = pod.label(Names.originUIDLabel) ?? ""
        processes[pod.uid] = Process(origin: origin, since: now)
        ledger.started(origin, at: "\(name)/\(pod.uid)")
    }

    private func end(_ uid: String) {
        guard let process = processes.removeValue(forKey: uid) else { return }
        ledger.ended(process.origin, at: "\(name)/\(uid)")
    }

    /// Looks at all pods once, and does what a kubelet and the namespace's controller do.
    func look(_ cluster: FakeCluster, _ now: Duration) async throws {
        let namespaces = Set(try await cluster.list(.namespaces).items.map(\.name))
        let pods = try await cluster.list(.pods).items
        // What nobody knows goes before anything else begins.
        let known = Set(pods.map(\.uid))
        for uid in processes.keys.sorted() where !known.contains(uid) { end(uid) }
        for pod in pods {
            guard namespaces.contains(pod.namespace), !pod.isBeingDeleted else {
                end(pod.uid)
                try await cluster.deleteEnded(pod)
                continue
            }
            try await run(pod, cluster, now)
        }
    }

    private func run(_ pod: KubernetesObject, _ cluster: FakeCluster, _ now: Duration) async throws {
        if pod.spec["nodeName"]?.string == nil {
            _ = try await cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding", ["target": ["name": "n1"]])
        }
        let isJob = pod.spec["restartPolicy"] == "Never"
        if pod.isFinishedPod { return end(pod.uid) }
        guard let process = processes[pod.uid] else {
            if isJob, pod.status["phase"] == "Running" {
                // Its process is gone, and nobody knows how it ended.
                return try await tell("Failed", pod, cluster)
            }
            start(pod, now)
            return try await tell("Running", pod, cluster)
        }
        if isJob, now - process.since >= Self.jobTime {
            ledger.finished(process.origin)
            end(pod.uid)
            try await tell("Succeeded", pod, cluster)
        } else if pod.status["phase"] != "Running" {
            // The cluster was restored from a backup of before it ran.
            try await tell("Running", pod, cluster)
        }
    }

    private func tell(_ phase: String, _ pod: KubernetesObject, _ cluster: FakeCluster) async throws {
        var pod = try await cluster.get(.pods, namespace: pod.namespace, name: pod.name)
        let isReady: JSON = phase == "Running" ? "True" : "False"
        pod.status = [
            "phase": .string(phase), "podIP": "10.0.0.7", "startTime": "2027-01-15T08:00:00Z",
            "conditions": [["type": "Ready", "status": isReady]],
        ]
        _ = try await cluster.updateStatus(.pods, pod)
    }
}
