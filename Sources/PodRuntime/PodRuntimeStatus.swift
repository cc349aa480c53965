public import PodRecords

/// How a pod is, as its runtime knows.
public struct PodRuntimeStatus: Sendable, Hashable {
    public var uid: String
    public var namespace: String
    public var name: String
    public var phase: PodState.Phase
    /// The pod's address; `nil` before it has one.
    public var address: String?
    /// When the pod was set up; `nil` while it waits for that.
    public var startedAt: WallTime?
    /// In the order of the specification, init containers first.
    public var containers: [ContainerRecord]
    /// Why the pod could not be set up; empty where it was, or waits for nothing but its turn.
    public var problem: String
    /// Whether a supervisor is there; `ensure` is to be called where not and the pod is active.
    public var isSupervised: Bool
    /// What of the specification the runtime does not do, in sentences.
    public var remarks: [String]
    /// Why the pod's volumes cannot be had yet, in the words of the kubelet's events.
    public var volumeProblems: [String]
    /// What happened to containers last, oldest first.
    public var notices: [Notice]

    public init(
        uid: String, namespace: String, name: String, phase: PodState.Phase, address: String? = nil,
        startedAt: WallTime? = nil, containers: [ContainerRecord] = [], problem: String = "",
        isSupervised: Bool = false,
        remarks: [String] = [], volumeProblems: [String] = [], notices: [Notice] = []
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.phase = phase
        self.address = address
        self.startedAt = startedAt
        self.containers = containers
        self.problem = problem
        self.isSupervised = isSupervised
        self.remarks = remarks
        self.volumeProblems = volumeProblems
        self.notices = notices
    }

    public subscript(name: String) -> ContainerRecord? { containers.first { $0.name == name } }

    /// Whether the pod ended by itself and for good: its containers ran and none will again.
    public var hasFinished: Bool { phase == .finished }
}
