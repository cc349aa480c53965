public import KubernetesModel

/// The state of the edge behind a virtual node, as the hub keeps it on its own clock; ordinary nodes are `ready`.
///
/// | state | is a spread domain | takes new pods |
/// |---|---|---|
/// | joining | no | no |
/// | ready | yes | yes |
/// | suspect, degraded | yes: its pods are expected to go on | no |
/// | disconnected, lost, draining, left | no | no |
///
/// kube-scheduler has no such notion: it counts a dead node as an empty domain, behind which replacement pods stay
/// Pending, unless the manifest says `nodeTaintsPolicy: Honor`.
public enum EdgeState: String, Sendable, CaseIterable {
    /// Peered, its node not Ready yet.
    case joining = "Joining"
    case ready = "Ready"
    /// Silent for a moment.
    case suspect = "Suspect"
    /// Silent for so long that its pods may be replaced after the namespace's grace period.
    case disconnected = "Disconnected"
    /// Silent for so long that nothing is expected of it any more.
    case lost = "Lost"
    /// Being withdrawn: its pods are moving away.
    case draining = "Draining"
    /// Withdrawn.
    case left = "Left"
    /// The agent answers, its cluster does not.
    case degraded = "Degraded"

    /// Whether the edge's domains and pods count when pods are spread.
    public var isSpreadDomain: Bool {
        switch self {
        case .ready, .suspect, .degraded: true
        case .joining, .disconnected, .lost, .draining, .left: false
        }
    }

    /// Whether pods may be placed on the edge.
    public var takesPods: Bool {
        switch self {
        case .ready: true
        case .joining, .suspect, .disconnected, .lost, .draining, .left, .degraded: false
        }
    }
}

extension EdgeState {
    /// Where an edge's owner writes its state for those who see only the node.
    public static let annotation = "causeway.io/edge-state"

    /// What a node itself says of its edge; `ready` for ordinary nodes, which say nothing.
    public init(shownBy node: KubernetesObject) {
        self = node.annotation(Self.annotation).flatMap(EdgeState.init) ?? .ready
    }
}
