import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Scheduling

extension Hub {
    /// Renews the leases of the virtual nodes whose edges answer, as kubelets renew theirs
    /// (`kube-node-lease`, every 10 s for a duration of 40 s).
    func renewLeases() async {
        while !Task.isCancelled {
            for edge in context.edges.all(where: { $0.isConnected && $0.isWanted }) {
                guard context.nodes.get(name: edge.node) != nil else { continue }
                do {
                    try await renewLease(edge.node)
                } catch {
                    context.logger.debug(
                        "cannot renew the lease of a virtual node",
                        metadata: ["node": "\(edge.node)", "error": "\(error)"])
                }
            }
            try? await Task.sleep(for: context.configuration.leaseInterval)
        }
    }

    private func renewLease(_ node: String) async throws {
        let spec: JSON = [
            "holderIdentity": .string(node),
            "leaseDurationSeconds": JSON(Int(context.configuration.leaseInterval.components.seconds) * 4),
            "renewTime": .string(Timestamp.microText(context.now() * 1_000_000)),
        ]
        do {
            _ = try await context.cluster.merge(.leases, namespace: "kube-node-lease", name: node, ["spec": spec])
        } catch let error as APIError where error.isNotFound {
            _ = try await context.cluster.create(
                .leases, KubernetesObject(.leases, name: node, namespace: "kube-node-lease", ["spec": spec]))
        }
    }
}
