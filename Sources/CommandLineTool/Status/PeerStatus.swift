import JSONTree
import KubernetesModel
import OffloadingModel

/// One peered cluster, with its virtual node where it has one.
struct PeerStatus: Sendable, Hashable {
    let cluster: ForeignCluster
    /// `nil` where there is none.
    let node: NodeStatus?

    var name: String { cluster.name }
    /// Whether pods go from here to there; they may come from there as well.
    var isOutgoing: Bool { cluster.isEdge }

    /// What is wrong with a peering that is wanted.
    var problems: [StatusProblem] {
        guard !cluster.object.isBeingDeleted else { return [] }
        return (isOutgoing ? outgoingProblems : []) + (cluster.isHub ? incomingProblems : [])
    }

    private var outgoingProblems: [StatusProblem] {
        guard cluster.outgoingEnabled == .yes else { return [] }
        let shown: [(PeeringConditionType, String)] = [
            (.authentication, "authentication"), (.outgoing, "outgoing peering"), (.network, "networking"),
        ]
        for (type, words) in shown where cluster.condition(type, of: .outgoing).status != .established {
            // The later ones follow from the first: one line says what to do.
            return [problem(type, words, .outgoing)]
        }
        if let node, !node.isReady {
            return [
                StatusProblem(
                    subject: "node \(node.name)", message: "is not Ready: \(node.message)",
                    remedy: "look at the agent's log at \(name)")
            ]
        }
        return []
    }

    private var incomingProblems: [StatusProblem] {
        guard cluster.incomingEnabled == .yes, cluster.condition(.incoming).status != .disconnecting else { return [] }
        let shown: [(PeeringConditionType, String)] = [
            (.incoming, "incoming peering"), (.authentication, "authentication"), (.apiServer, "connection to the hub"),
        ]
        for (type, words) in shown where cluster.condition(type, of: .incoming).status != .established {
            return [problem(type, words, .incoming)]
        }
        return []
    }

    private func problem(
        _ type: PeeringConditionType, _ words: String, _ direction: PeeringDirection
    ) -> StatusProblem {
        let condition = cluster.condition(type, of: direction)
        let url = direction == .outgoing ? cluster.authURL : cluster.hubURL
        let detail = [condition.reason, condition.message].filter { !$0.isEmpty }.joined(separator: ": ")
        let remedy =
            switch (type, condition.status) {
            case (.authentication, .denied), (.authentication, .error):
                "run '\(Invocation.name) unpeer out-of-band \(name)' and peer again with a new token"
            case (_, .error) where condition.reason == "NodeExists": "rename or delete that node"
            default:
                if !url.isEmpty {
                    "check that \(name) is running and can be reached at \(url)"
                } else if direction == .outgoing {
                    "check that the agent of \(name) is running and can reach this hub"
                } else {
                    "check that the hub of \(name) is running"
                }
            }
        return StatusProblem(
            subject: "peer \(name)",
            message: "\(words) is \(condition.status.rawValue), not Established"
                + (detail.isEmpty ? "" : " (\(detail))"),
            remedy: remedy)
    }
}
