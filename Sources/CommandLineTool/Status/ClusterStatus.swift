import ClusterAPI
import KubernetesModel
import OffloadingModel

/// Everything that `status` says of a cluster: a value, gathered once.
struct ClusterStatus: Sendable, Hashable {
    let target: ClusterTarget
    /// Why the API does not answer; `nil` where it does.
    var unreachable: String?
    var hasSystemNamespace = false
    /// `nil` where the cluster does not say who it is.
    var info: ClusterFacts?
    /// Why it does not; `nil` where it does.
    var infoProblem: String?
    /// Real nodes only.
    var nodes: [NodeStatus] = []
    var peers: [PeerStatus] = []
    var servesCustomResources = true

    init(target: ClusterTarget) { self.target = target }

    // MARK: - Gathering

    /// Asks the cluster. What cannot be learnt is part of the result; nothing is thrown for it.
    static func gather(_ tool: Tool) async throws -> ClusterStatus {
        var status = ClusterStatus(target: tool.target)
        do {
            status.hasSystemNamespace =
                try await tool.cluster.find(.namespaces, name: Names.systemNamespace) != nil
            do {
                status.info = try await tool.clusterInfo()
            } catch let error as ToolError {
                status.infoProblem = error.description
            }
            let nodes = try await tool.cluster.list(.nodes).items.map(NodeStatus.init)
            status.nodes = nodes.filter { !$0.isVirtual }
            if let clusters = try await tool.foreignClusters() {
                status.peers = clusters.map { cluster in
                    PeerStatus(
                        cluster: cluster,
                        node: nodes.first { $0.isVirtual && $0.name == cluster.virtualNode })
                }
            } else {
                status.servesCustomResources = false
            }
        } catch let error as ClusterUnreachable {
            status.unreachable = error.clause
        } catch let error as APIError {
            status.unreachable = error.message
        }
        return status
    }

    // MARK: - Judging

    /// What is wrong, in the order in which it should be put right.
    var problems: [StatusProblem] {
        if let unreachable {
            return [
                StatusProblem(
                    subject: "API server \(target.server)", message: unreachable,
                    remedy: "check the kubeconfig's context \(target), and that the cluster's daemon is running")
            ]
        }
        guard let info else {
            return [
                StatusProblem(
                    subject: "cluster \(target)", message: infoProblem ?? "it does not say who it is",
                    remedy: "look at the log of its causeway-hub or causeway-agent")
            ]
        }
        var problems: [StatusProblem] = []
        if !servesCustomResources {
            problems.append(
                StatusProblem(
                    subject: "cluster \(target)", message: "Causeway's CustomResourceDefinitions are missing",
                    remedy: "restart its daemon, which installs them"))
        }
        if nodes.isEmpty, info[.agent] != nil {
            problems.append(
                StatusProblem(
                    subject: "cluster \(target)", message: "it has no node, so that no pod can run",
                    remedy: "look at the log of its daemon"))
        }
        problems += nodes.filter { !$0.isReady }.map { node in
            StatusProblem(
                subject: "node \(node.name)", message: "is not Ready: \(node.message)",
                remedy: "look at 'kubectl describe node \(node.name)'")
        }
        return problems + peers.flatMap(\.problems)
    }
}
