public import OffloadingModel

/// What is to be installed into a cluster, as its administrator wants it.
public struct InstallationPlan: Sendable, Hashable {
    /// How the port for peerings can be reached from outside of the cluster.
    public enum ServiceType: String, Sendable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
    }

    /// The port of peerings, of the container and of the Service.
    public static let peerPort = 7443
    /// The port of the hub's virtual nodes: the one that kubelets have.
    public static let nodePort = 10250
    /// The container's port of the admission webhook.
    public static let webhookPort = 8443
    /// What the image is called by the commands beside `config/kubernetes/Containerfile`.
    public static let defaultImage = "localhost/causeway:\(CausewayVersion.current)"

    public var role: ClusterInfo.Role
    /// A DNS label of at most 58 bytes.
    public var clusterName: String
    public var clusterLabels: [String: String]
    public var image = InstallationPlan.defaultImage
    /// How many hubs run, of which one leads; an agent runs once. 0 for a daemon that is started by other means.
    public var replicas = 1
    public var serviceType = ServiceType.clusterIP
    /// The `HOST:PORT` that peers are told to dial; `nil` for the Service's name, which is known within the cluster only.
    public var peerAddress: String?
    public var logLevel = "info"

    public init(role: ClusterInfo.Role, clusterName: String, clusterLabels: [String: String] = [:]) {
        self.role = role
        self.clusterName = clusterName
        self.clusterLabels = clusterLabels
    }

    /// What Deployment, ServiceAccount, Service and roles are called.
    public var name: String { Self.name(role) }

    /// As ``name``, of either role.
    public static func name(_ role: ClusterInfo.Role) -> String {
        switch role {
        case .hub: "causeway-hub"
        case .agent: "causeway-agent"
        }
    }
}
