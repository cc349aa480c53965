import JSONTree
public import KubernetesModel

/// Which pods should move so that workloads are spread again, over nodes that came or came back say: the fewest that do, tried
/// on a copy of what is known by the very scheduler that decides in earnest. Nothing is changed.
///
/// A workload is balanced by its pods' own spread constraints, whether they bind or not; one without any by its pods on each
/// host, of which there may be one more here than there. As long as one domain stands more than `maxSkew` above the lowest that
/// has room, a pod goes from the former to the latter: while old and new pod are both there, and without another
/// constraint getting worse for it. A move that cannot be made in the trial is not planned, nor is what would follow from it.
public struct RebalanceQuestion: Sendable {
    public struct Workload: Sendable {
        public var name: String
        /// Which pods are its own, for where they have no constraint.
        public var selector: LabelSelector
        /// All its pods; each has a node.
        public var pods: [KubernetesObject]
        /// Of those, the ones that have moved too short a while ago to move again.
        public var resting: Set<ObjectKey>
        /// What a new pod looks like; `nil` for like the first of `pods`.
        public var template: KubernetesObject?

        public init(
            name: String, selector: LabelSelector, pods: [KubernetesObject], resting: Set<ObjectKey> = []
        ) {
            self.name = name
            self.selector = selector
            self.pods = pods
            self.resting = resting
        }
    }

    public var nodes: [SchedulingNode]
    /// All pods of the cluster.
    public var pods: [KubernetesObject]
    /// All of one namespace; balanced in this order.
    public var workloads: [Workload]
    /// How the namespace is filled; `nil` for as kube-scheduler does.
    public var fill: WaterFill?
    public var seed: UInt64 = 0

    public init(
        nodes: [SchedulingNode], pods: [KubernetesObject], workloads: [Workload], fill: WaterFill? = nil
    ) {
        self.nodes = nodes
        self.pods = pods
        self.workloads = workloads
        self.fill = fill
    }

    /// The moves, in their order; none where all is well.
    public func answer() -> [RebalanceMove] {
        var scheduler = SpreadScheduler(seed: seed)
        for node in nodes { scheduler.snapshot.setNode(node) }
        for pod in pods where !pod.isFinishedPod && pod.spec["nodeName"]?.string != nil {
            scheduler.snapshot.setPod(PlacedPod(pod))
        }
        var moves: [RebalanceMove] = []
        for workload in workloads {
            // What is malformed cannot have been scheduled.
            guard var balance = try? WorkloadBalance(workload, fill: fill, number: moves.count) else { continue }
            if let fill { scheduler.snapshot.fills[balance.namespace] = fill }
            while let move = balance.next(&scheduler) { moves.append(move) }
        }
        return moves
    }
}
