public import KubernetesModel

/// What the owner of the edges knows that a scheduler cannot see in the cluster.
///
/// Asked before every decision, from any task: answers come from memory, at once.
public protocol PlacementAdvice: Sendable {
    /// Nodes that rejected the pod a short while ago, with the reason; a node whose back-off is over is left out.
    func excludedNodes(for pod: KubernetesObject) -> [String: String]

    /// The state of the edge behind a node; `ready` for ordinary nodes.
    func state(ofNode node: KubernetesObject) -> EdgeState

    /// How namespaces are filled that ask for it, by name. Asked when the loop starts and with `refreshNodes`.
    var fills: [String: WaterFill] { get }

    /// The pod as it is to be placed: asked for each version of a pod, before anything else is decided of it. The name, the
    /// uid and the node stay.
    func placed(_ pod: KubernetesObject) -> KubernetesObject
}

extension PlacementAdvice {
    public var fills: [String: WaterFill] { [:] }

    /// As it is.
    public func placed(_ pod: KubernetesObject) -> KubernetesObject { pod }
}

/// The advice of a cluster without edges: every node is an ordinary one.
public struct OrdinaryNodes: PlacementAdvice {
    public init() {}
    public func excludedNodes(for pod: KubernetesObject) -> [String: String] { [:] }
    public func state(ofNode node: KubernetesObject) -> EdgeState { .ready }
}
