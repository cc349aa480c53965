/// How a node agent presents its machine.
public struct NodeAgentConfiguration: Sendable {
    public struct Node: Sendable, Hashable {
        public var name: String
        /// Beside those that every node has.
        public var labels: [String: String]
        /// Shown as ROLES: `control-plane`, `worker`.
        public var roles: [String]

        public init(name: String, labels: [String: String] = [:], roles: [String] = []) {
            self.name = name
            self.labels = labels
            self.roles = roles
        }
    }

    /// The nodes that stand for this machine; they share what it has, in equal parts.
    public var nodes: [Node]
    /// Shown as VERSION: the Kubernetes version that the cluster speaks, such as `v1.36.0`.
    public var kubeletVersion: String
    public var podCIDR: String
    /// On the file system whose size counts as the nodes' storage.
    public var folder: String
    /// The most pods of one node; the kubelet's own default.
    public var podsPerNode: Int
    /// Seconds between two renewals of a node's lease; the kubelet's own default.
    public var leaseRenewal: Duration
    /// Seconds without a renewal after which others may call the node lost.
    public var leaseSeconds: Int
    /// How soon a pod that waits for an image or a value is tried again.
    public var retryInterval: Duration
    /// How often the ConfigMaps and Secrets behind the volumes of running pods are looked at; the kubelet takes a minute.
    public var volumeRefresh: Duration

    public init(
        nodes: [Node], kubeletVersion: String, podCIDR: String = "", folder: String = "/", podsPerNode: Int = 110,
        leaseRenewal: Duration = .seconds(10), leaseSeconds: Int = 40, retryInterval: Duration = .seconds(5),
        volumeRefresh: Duration = .seconds(10)
    ) {
        self.nodes = nodes
        self.kubeletVersion = kubeletVersion
        self.podCIDR = podCIDR
        self.folder = folder
        self.podsPerNode = podsPerNode
        self.leaseRenewal = leaseRenewal
        self.leaseSeconds = leaseSeconds
        self.retryInterval = retryInterval
        self.volumeRefresh = volumeRefresh
    }
}
