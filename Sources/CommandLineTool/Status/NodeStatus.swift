import JSONTree
import KubernetesModel
import OffloadingModel

/// What a node says of itself.
struct NodeStatus: Sendable, Hashable {
    let name: String
    let isVirtual: Bool
    let isReady: Bool
    /// Why it is not Ready; empty where it is.
    let message: String
    /// What the hub says of a virtual node's edge; empty elsewhere.
    let edgeState: String
    let isSchedulable: Bool
    /// The quantities that pods may use, by resource.
    let allocatable: [String: String]

    init(_ node: KubernetesObject) {
        let condition = Conditions.find("Ready", in: node.status["conditions"])
        name = node.name
        isVirtual = node.label(Names.typeLabel) == Names.virtualNodeType
        isReady = condition?["status"]?.string == "True"
        let words = [condition?["reason"]?.string, condition?["message"]?.string].compactMap { $0 }
        message = isReady ? "" : words.isEmpty ? "it has no condition Ready" : words.joined(separator: ": ")
        edgeState = node.annotation(Names.edgeStateAnnotation) ?? ""
        isSchedulable = node.spec["unschedulable"]?.bool != true
        allocatable = node.status["allocatable"]?.stringMap ?? [:]
    }

    /// `Ready`, `NotReady`, with `SchedulingDisabled` where it is cordoned, as kubectl shows it.
    var text: String { (isReady ? "Ready" : "NotReady") + (isSchedulable ? "" : ",SchedulingDisabled") }
}
