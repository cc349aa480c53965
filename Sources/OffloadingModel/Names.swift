/// The names, labels and annotations by which Causeway's objects are known: the contract with users and their manifests.
///
/// Those under `liqo.io` are Liqo's own, so that its tutorials, selectors and habits carry over.
public enum Names {
    /// Everything of Causeway's own lives here, in both modes.
    public static let systemNamespace = "causeway-system"
    /// The ConfigMap through which `causewayctl` learns all it needs.
    public static let clusterInfo = "cluster-info"
    /// The ConfigMap of a second daemon: a hub beside an agent's cluster, or the other way round.
    public static func clusterInfo(_ role: ClusterInfo.Role) -> String { "\(clusterInfo)-\(role.rawValue)" }
    /// The one name a NamespaceOffloading may have.
    public static let offloading = "offloading"
    /// The scheduler that places pods on virtual nodes.
    public static let schedulerName = "causeway-scheduler"

    /// On everything that belongs to Causeway's own installation.
    public static let partOfLabel = "app.kubernetes.io/part-of"
    /// The value of ``partOfLabel``.
    public static let partOfValue = "causeway"
    /// On the pod of the hub that leads: `true`. Edges that join find it by this.
    public static let leaderLabel = "causeway.io/leader"

    // MARK: Nodes

    /// Tells virtual nodes, whose value is ``virtualNodeType``, from others.
    public static let typeLabel = "liqo.io/type"
    /// The value of ``typeLabel`` on nodes that stand for edges.
    public static let virtualNodeType = "virtual-node"
    /// On a virtual node: the id of the cluster that it stands for.
    public static let remoteClusterIDLabel = "liqo.io/remote-cluster-id"
    /// On a virtual node: `agent`, which kubectl shows as its role.
    public static let roleLabel = "kubernetes.io/role"
    /// Keeps pods off virtual nodes (`=true:NoExecute`); pods of offloaded namespaces get a toleration on their way in.
    public static let virtualNodeTaint = "virtual-node.liqo.io/not-allowed"
    /// What the hub says of an edge on its node: a raw value of the scheduler's edge state.
    public static let edgeStateAnnotation = "causeway.io/edge-state"

    /// The virtual node of an edge.
    public static func virtualNode(_ clusterName: String) -> String { "liqo-\(clusterName)" }

    // MARK: Namespaces

    /// On a namespace of the origin: `true` while its pods may be placed on virtual nodes.
    public static let schedulingEnabledLabel = "liqo.io/scheduling-enabled"
    /// On a remote namespace: whose it is.
    public static let originClusterIDLabel = "causeway.io/origin-cluster-id"
    /// On a remote namespace: its name at the origin.
    public static let originalNamespaceAnnotation = "liqo.io/original-name"
    /// On a remote namespace: the name of the origin's cluster.
    public static let managedByAnnotation = "liqo.io/managed-by-namespace-map"

    // MARK: Policies of a namespace, on its NamespaceOffloading

    /// `keep` or `reschedule`; see ``NamespaceOffloading/disconnectPolicy``.
    public static let onDisconnectAnnotation = "causeway.io/on-disconnect"
    /// A duration such as `30s`, counted from when the edge is Disconnected.
    public static let gracePeriodAnnotation = "causeway.io/grace-period"
    /// `never`, or after how long without its hub an edge stops the pods.
    public static let stopOnEdgeAfterAnnotation = "causeway.io/stop-on-edge-after"
    /// `off`, `on`, or how long edges must be well before pods move to them.
    public static let rebalanceAnnotation = "causeway.io/rebalance"
    /// `off`, `on`, or weights by edge.
    public static let fillAnnotation = "causeway.io/fill"

    /// On a pod that came past its offloading's admission: `true` once the hub has given it what it lacked.
    public static let adoptedAnnotation = "causeway.io/adopted"
    /// On a pod of the origin that may outlive the absence of its edge: for how long it would have tolerated that, as
    /// `KEY=SECONDS` by commas.
    public static let absenceAnnotation = "causeway.io/tolerated-absence"
    /// On a pod of the origin that is being moved: how far that is.
    public static let rebalancingAnnotation = "causeway.io/rebalancing"
    /// On a pod of the origin that took a moved one's place: when, in seconds since 1970.
    public static let movedAtAnnotation = "causeway.io/moved-at"

    // MARK: Remote pods

    /// On a remote pod: the uid of the pod it runs for.
    public static let originUIDLabel = "causeway.io/origin-uid"
    /// On remote pods and namespaces: ``managedByValue``. The agent touches nothing without it.
    public static let managedByLabel = "app.kubernetes.io/managed-by"
    /// The value of ``managedByLabel``.
    public static let managedByValue = "causeway"
    /// On a remote pod or namespace: the revision of the desired state it was made from.
    public static let desiredRevisionAnnotation = "causeway.io/desired-revision"

    // MARK: Peerings

    /// On a ForeignCluster at the origin: goes when nothing of the peering is left.
    public static let peeringFinalizer = "causeway.io/peering"
    /// On a ForeignCluster: the certificates that this cluster has issued to the peer are to be revoked; those of one direction
    /// where the value is `outgoing` or `incoming`, and of all otherwise. Goes when they are.
    public static let revokeAnnotation = "causeway.io/revoke-certificates"
    /// On a ForeignCluster, with any value: the outgoing peering is to end for good, and the object to stay for the incoming one.
    /// Goes when that is done.
    public static let endOutgoingAnnotation = "causeway.io/end-outgoing"
    /// On a ForeignCluster: the public id of the last token to enrol with. A new one has the peer dialled at once.
    public static func tokenIDAnnotation(_ direction: PeeringDirection) -> String {
        direction == .outgoing ? "causeway.io/token-id" : "causeway.io/join-token-id"
    }
    /// On a ForeignCluster at an edge: how much of the edge that hub may use, such as `50%` or `cpu=2,memory=4Gi,pods=20`; the
    /// agent's setting `share` counts without it.
    public static let shareAnnotation = "causeway.io/share"
    /// On a ForeignCluster at an edge: how far that hub's pods may reach for the machines, as ``PodSecurityLevel`` names it; the
    /// agent's setting `pod-security` counts without it.
    public static let podSecurityAnnotation = "causeway.io/pod-security"
    /// On a ForeignCluster at an edge: which images that hub may have run, as ``AllowedImages``; the agent's setting
    /// `allowed-images` counts without it.
    public static let allowedImagesAnnotation = "causeway.io/allowed-images"
    /// On a ForeignCluster that is dialled: `http://HOST:PORT` of the proxy to dial it through, or `direct` for none; the
    /// daemon's environment decides without it.
    public static let proxyAnnotation = "causeway.io/proxy"
    /// On a NamespaceOffloading: goes when no connected edge holds the namespace any more.
    public static let offloadingFinalizer = "causeway.io/offloading"
    /// Secrets that hold what is left of a peer token.
    public static let tokenLabel = "causeway.io/peer-token"

    /// The Secret at the side that dials, with the token of a peering that is being set up; deleted when the token is used.
    public static func tokenSecret(foreignCluster name: String, _ direction: PeeringDirection) -> String {
        direction == .outgoing ? "peer-token-\(name)" : "join-token-\(name)"
    }
    /// The Secret at the side that is dialled, with the hash of a token that was made.
    public static func tokenRecord(_ id: String) -> String { "token-\(id)" }
}
