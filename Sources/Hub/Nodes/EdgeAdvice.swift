import ClusterAPI
import KubernetesModel
import OffloadingModel
import Scheduling

/// What the hub tells the scheduler of the edges behind the virtual nodes.
struct EdgeAdvice: PlacementAdvice {
    let edges: EdgeDirectory
    let rejections: EdgeRejections
    let moves: MoveTargets
    let offloadings: Informer
    let adoption: PodAdoption

    func excludedNodes(for pod: KubernetesObject) -> [String: String] {
        let elsewhere = moves.isEmpty ? [:] : moves[EdgeRejections.workload(of: pod)]
        guard !rejections.isEmpty else { return elsewhere }
        let nodes = Dictionary(edges.all.map { ($0.name, $0.node) }, uniquingKeysWith: { first, _ in first })
        let reasons = rejections.reasons(EdgeRejections.workload(of: pod), edges: Array(nodes.keys))
        return Dictionary(
            reasons.compactMap { edge, reason in nodes[edge].map { ($0, reason) } },
            uniquingKeysWith: { first, _ in first }
        ).merging(elsewhere) { rejected, _ in rejected }
    }

    var fills: [String: WaterFill] {
        let asked = offloadings.objects.map(NamespaceOffloading.init).compactMap { offloading in
            offloading.policy.fill.map { (offloading.namespace, WaterFill(weights: $0.nodeWeights)) }
        }
        return Dictionary(asked, uniquingKeysWith: { first, _ in first })
    }

    func placed(_ pod: KubernetesObject) -> KubernetesObject { adoption.placed(pod) }

    func state(ofNode node: KubernetesObject) -> EdgeState {
        guard node.label(Names.typeLabel) == Names.virtualNodeType else { return .ready }
        if let edge = edges.edge(node: node.name) { return edge.state }
        // A node that stands for an edge the hub does not know (yet) takes nothing.
        return .joining
    }
}
