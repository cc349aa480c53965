import JSONTree
public import KubernetesModel

/// What binds the pods that remain after a scale-down.
public struct SurplusConstraint: Sendable, Hashable {
    /// The most by which the pods in two domains may differ; at least 1.
    public let maxSkew: Int
    /// Pods that count by domain and are none of the candidates; a domain with none of them counts as well.
    public var others: [String: Int]

    public init(maxSkew: Int, others: [String: Int] = [:]) {
        self.maxSkew = max(1, maxSkew)
        self.others = others
    }
}

/// A pod as a scale-down sees it.
public struct SurplusCandidate: Sendable, Hashable {
    public enum Phase: Int, Sendable, Comparable {
        case pending
        case unknown
        case running

        public static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    public var name: String
    /// The caller's own number for the pod.
    public var place: Int
    /// Empty while the pod has no node.
    public var node: String
    /// The pod's domain by constraint; `nil` where its node is no domain.
    public var domains: [String?]
    public var phase: Phase
    /// Seconds since 1970 from which the pod is ready; `nil` while it is not.
    public var readySince: Int?
    /// `controller.kubernetes.io/pod-deletion-cost`: lower goes first.
    public var deletionCost: Int
    public var restarts: Int
    /// Seconds since 1970.
    public var created: Int

    public init(
        name: String, place: Int = 0, node: String, domains: [String?], phase: Phase = .running,
        readySince: Int? = nil, deletionCost: Int = 0, restarts: Int = 0, created: Int = 0
    ) {
        self.name = name
        self.place = place
        self.node = node
        self.domains = domains
        self.phase = phase
        self.readySince = readySince
        self.deletionCost = deletionCost
        self.restarts = restarts
        self.created = created
    }

    /// Reads what counts from a pod.
    public init(_ pod: KubernetesObject, place: Int, domains: [String?]) {
        let status = pod.json["status"]
        let ready = Conditions.find("Ready", in: status?["conditions"])
        let containers = status?["containerStatuses"]?.array ?? []
        let phase: Phase =
            switch status?["phase"]?.string {
            case "Running": .running
            case "Unknown": .unknown
            default: .pending
            }
        self.init(
            name: pod.name, place: place, node: pod.json["spec"]?["nodeName"]?.string ?? "", domains: domains,
            phase: phase,
            readySince: ready?["status"]?.string == "True"
                ? ready?["lastTransitionTime"]?.string.flatMap(Timestamp.seconds) ?? 0 : nil,
            deletionCost: pod.annotation("controller.kubernetes.io/pod-deletion-cost").flatMap { Int($0) } ?? 0,
            restarts: containers.map { $0["restartCount"]?.int ?? 0 }.max() ?? 0,
            created: Timestamp.seconds(pod.creationTimestamp) ?? 0)
    }

    /// Kubernetes' order among pods of equally crowded nodes and nodes of different crowding: which of two goes first.
    ///
    /// - Parameter neighbours: how many of the workload's pods are on the pod's node.
    static func goesFirst(_ left: Self, _ right: Self, neighbours: (left: Int, right: Int)) -> Bool {
        if left.node.isEmpty != right.node.isEmpty { return left.node.isEmpty }
        if left.phase != right.phase { return left.phase < right.phase }
        if (left.readySince == nil) != (right.readySince == nil) { return left.readySince == nil }
        if left.deletionCost != right.deletionCost { return left.deletionCost < right.deletionCost }
        if neighbours.left != neighbours.right { return neighbours.left > neighbours.right }
        if let a = left.readySince, let b = right.readySince, a != b { return a > b }
        if left.restarts != right.restarts { return left.restarts > right.restarts }
        if left.created != right.created { return left.created > right.created }
        return left.name > right.name
    }
}
