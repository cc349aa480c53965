/// The names, labels and annotations by which Causeway's objects are known: the contract with users and their manifests.
///
/// Those under `liqo.io` are Liqo's own, so that its tutorials, selectors and habits carry over.
public enum Names {
    /// Everything of Causeway's own lives here, in both modes.
    public static let systemNamespace = "causeway-system"
    /// The ConfigMap through which `causewayctl` learns all it needs.
    public static let clusterInfo = "cluster-info"
    /// The one name a NamespaceOffloading may have.
    public static let offloading = "offloading"
    /// The scheduler that places pods on virtual nodes.
    public static let schedulerName = "causeway-scheduler"

    // MARK: Nodes

    public static let typeLabel = "liqo.io/type"
    public static let virtualNodeType = "virtual-node"
    public static let remoteClusterIDLabel = "liqo.io/remote-cluster-id"
    public static let roleLabel = "kubernetes.io/role"
    public static let virtualNodeTaint = "virtual-node.liqo.io/not-allowed"
    /// What the hub says of an edge on its node: a raw value of the scheduler's edge state.
    public static let edgeStateAnnotation = "causeway.io/edge-state"

    /// The virtual node of an edge.
    public static func virtualNode(_ clusterName: String) -> String { "liqo-\(clusterName)" }

    // MARK: Namespaces

    public static let schedulingEnabledLabel = "liqo.io/scheduling-enabled"
    /// On a remote namespace: whose it is.
    public static let originClusterIDLabel = "causeway.io/origin-cluster-id"
    /// On a remote namespace: its name at the origin.
    public static let originalNamespaceAnnotation = "liqo.io/original-name"
    public static let managedByAnnotation = "liqo.io/managed-by-namespace-map"

    // MARK: Policies of a namespace, on its NamespaceOffloading

    public static let onDisconnectAnnotation = "causeway.io/on-disconnect"
    public static let gracePeriodAnnotation = "causeway.io/grace-period"

    // MARK: Remote pods

    /// On a remote pod: the uid of the pod it runs for.
    public static let originUIDLabel = "causeway.io/origin-uid"
    public static let managedByLabel = "app.kubernetes.io/managed-by"
    public static let managedByValue = "causeway"
    /// On a remote pod or namespace: the revision of the desired state it was made from.
    public static let desiredRevisionAnnotation = "causeway.io/desired-revision"

    // MARK: Peerings

    public static let peeringFinalizer = "causeway.io/peering"
    public static let offloadingFinalizer = "causeway.io/offloading"
    /// Secrets that hold what is left of a peer token.
    public static let tokenLabel = "causeway.io/peer-token"

    /// The Secret at the origin with the token of a peering that is being set up; deleted when the token is used.
    public static func tokenSecret(foreignCluster name: String) -> String { "peer-token-\(name)" }
    /// The Secret at the edge with the hash of a token that was made.
    public static func tokenRecord(_ id: String) -> String { "token-\(id)" }
}
