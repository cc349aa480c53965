import KubernetesModel
import OffloadingModel
import Scheduling

/// What the hub tells the scheduler of the edges behind the virtual nodes.
struct EdgeAdvice: PlacementAdvice {
    let edges: EdgeDirectory

    func excludedNodes(for pod: KubernetesObject) -> [String: String] { [:] }

    func state(ofNode node: KubernetesObject) -> EdgeState {
        guard node.label(Names.typeLabel) == Names.virtualNodeType else { return .ready }
        if let edge = edges.edge(node: node.name) { return edge.state }
        // A node that stands for an edge the hub does not know (yet) takes nothing.
        return .joining
    }
}
