import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// `peer NAME`: takes an outgoing peering up again that was disabled, and waits until it stands.
struct PeeringResumption: Sendable {
    let tool: Tool
    /// The ForeignCluster's name.
    let name: String
    let timeout: Duration

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        let uid = try await tool.printer.stage(
            "Processing cluster peering", done: "Peering enabled", failure: "Failed peering clusters"
        ) {
            let known = try await tool.knownCluster(name)
            guard known.isEdge else {
                throw ToolError(
                    "\"\(name)\" is a hub that peers with this cluster; there is no outgoing peering to resume")
            }
            let object = try await tool.cluster.merge(
                .foreignClusters, name: name,
                ["spec": ["outgoingPeeringEnabled": .string(PeeringEnabled.yes.rawValue)]])
            return object.uid
        }
        // What is missing stays as it is: the peering was there before.
        try await PeeringProgress(
            tool: tool, direction: .outgoing, name: name, uid: uid, before: nil, deadline: deadline,
            unreachablePatience: nil
        ).run()
    }
}
