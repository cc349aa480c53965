public import ClusterAPI
import KubernetesModel
import PodHost
import PodRecords

/// Runs nothing: every pod is Running after a delay. For measurements of scale only, and says so in nodes, events and logs.
public actor HollowRuntime: PodRuntime {
    public nonisolated let version: String
    public nonisolated let hostAddress: String
    public nonisolated var warning: String? {
        "this node's runtime is hollow: nothing of its pods runs, whatever their status says"
    }

    private let startDelay: Duration
    private let broadcast = ChangeBroadcast<String>()
    private var pool: AddressPool
    private var pods: [String: (status: PodRuntimeStatus, address: IPv4Address)] = [:]

    /// - Parameter startDelay: between `ensure` and the moment the pod counts as running.
    public init(podCIDR: String, startDelay: Duration = .zero, version: String = "0.1.0") throws(PodRuntimeError) {
        pool = try AddressPool(cidr: podCIDR)
        self.startDelay = startDelay
        self.version = "hollow://\(version)"
        hostAddress = pool.gateway.description
    }

    public func run() async {
        // Nothing happens by itself here.
        try? await Task.sleep(for: .seconds(1 << 30))
    }

    public nonisolated func changes() -> AsyncStream<String> { broadcast.stream() }

    public func ensure(_ request: PodRequest) async throws {
        let pod = request.pod
        guard pods[pod.uid] == nil else { return }
        guard let address = pool.take() else {
            throw PodRuntimeError(.addressesExhausted, "no address is left in the hollow pods' network")
        }
        let records = PodPlanner.containers(of: pod).map {
            ContainerRecord(name: $0.name, kind: $0.kind, state: .waiting(reason: "ContainerCreating", message: ""))
        }
        pods[pod.uid] = (
            PodRuntimeStatus(
                uid: pod.uid, namespace: pod.namespace, name: pod.name, phase: .active, containers: records,
                isSupervised: true), address
        )
        if startDelay > .zero { try? await Task.sleep(for: startDelay) }
        guard var entry = pods[pod.uid], entry.status.phase == .active else { return }
        let now = HostClock.now().wall
        entry.status.address = address.description
        entry.status.startedAt = now
        for index in entry.status.containers.indices {
            entry.status.containers[index].runs = 1
            entry.status.containers[index].isStarted = true
            entry.status.containers[index].isReady = true
            entry.status.containers[index].state =
                entry.status.containers[index].kind == .initial
                ? .terminated(Termination(exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now))
                : .running(ProcessIdentity(pid: 1, startTicks: 0), startedAt: now)
        }
        pods[pod.uid] = entry
        broadcast.send(pod.uid)
    }

    public func stop(uid: String, gracePeriodSeconds: Int) {
        guard var entry = pods[uid], entry.status.phase == .active else { return }
        let now = HostClock.now().wall
        entry.status.phase = .finished
        for index in entry.status.containers.indices {
            guard case .running(_, let startedAt) = entry.status.containers[index].state else { continue }
            entry.status.containers[index].isReady = false
            entry.status.containers[index].state = .terminated(
                Termination(exitCode: 0, reason: "Completed", startedAt: startedAt, finishedAt: now))
        }
        pods[uid] = entry
        broadcast.send(uid)
    }

    public func remove(uid: String) {
        guard let entry = pods.removeValue(forKey: uid) else { return }
        pool.release(entry.address)
        broadcast.send(uid)
    }

    public func status(uid: String) -> PodRuntimeStatus? { pods[uid]?.status }
    public func list() -> [PodRuntimeStatus] { pods.values.map(\.status) }

    public func logs(uid: String, _ options: LogOptions) throws -> AsyncThrowingStream<[UInt8], any Error> {
        guard let pod = pods[uid]?.status else {
            throw PodRuntimeError(.noSuchPod, "the pod is not known to its node yet; try again")
        }
        guard pod[options.container] != nil else {
            throw PodRuntimeError(.noSuchContainer, "container \(options.container) is not valid for pod \(pod.name)")
        }
        return AsyncThrowingStream { continuation in
            continuation.yield(Array("This pod is hollow: nothing runs.\n".utf8))
            continuation.finish()
        }
    }
}
