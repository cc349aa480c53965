import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel

/// `offload namespace`: makes a NamespaceOffloading and waits until the namespace is where it shall be.
struct NamespaceOffloader: Sendable {
    let tool: Tool
    let request: OffloadingRequest
    let timeout: Duration

    private var namespace: String { request.namespace }

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        let stored = try await tool.printer.stage(
            "Enabling namespace offloading for \"\(namespace)\"",
            done: "Offloading of namespace \"\(namespace)\" correctly enabled",
            failure: "Failed enabling the offloading of namespace \"\(namespace)\""
        ) {
            try await check()
            return try await apply()
        }
        let failure = "Failed offloading namespace \"\(namespace)\""
        let result = try await tool.printer.stage(
            "Waiting for offloading of namespace \"\(namespace)\" to complete", failure: failure
        ) {
            try await wait(stored, deadline)
        }
        switch result.phase {
        case .ready:
            tool.printer.success("Offloading completed successfully")
        case .noClusterSelected:
            tool.printer.warning("Offloading completed, but no cluster was selected")
        case .someFailed, .allFailed, .terminating, .inProgress, nil:
            let phase = result.phase?.rawValue ?? ""
            throw ToolError(["\(failure): the offloading is in \"\(phase)\" state"] + Self.problems(result))
        }
    }

    // MARK: - Applying

    private func check() async throws {
        let own = try await tool.clusterInfo()
        guard own[.hub] != nil else {
            throw ToolError(
                "cluster \(tool.target) is an edge (\(own.clusterName)): namespaces are offloaded at the origin; "
                    + "choose it with --kubeconfig")
        }
        guard let object = try await tool.cluster.find(.namespaces, name: namespace) else {
            throw ToolError(
                "the namespace \"\(namespace)\" does not exist in cluster \(tool.target); "
                    + "create it with 'kubectl create namespace \(namespace)'")
        }
        guard !object.isBeingDeleted else {
            throw ToolError("the namespace \"\(namespace)\" is being deleted")
        }
        if object.label(Names.managedByLabel) == Names.managedByValue, object.label(Names.originClusterIDLabel) != nil {
            let origin = object.annotation(Names.managedByAnnotation) ?? "another cluster"
            throw ToolError(
                "the namespace \"\(namespace)\" holds pods that \(origin) has offloaded to this cluster: they do not go on from "
                    + "here; offload the namespace that they come from to more clusters instead")
        }
    }

    private func apply() async throws -> KubernetesObject {
        let wanted = request.object
        guard
            var known = try await tool.cluster.find(
                .namespaceOffloadings, namespace: namespace, name: Names.offloading)
        else {
            do {
                return try await tool.cluster.create(.namespaceOffloadings, wanted)
            } catch let error as APIError where error.isNotFound {
                throw ToolError(
                    "cluster \(tool.target) has no NamespaceOffloadings: their CustomResourceDefinition is missing; "
                        + "offload at the origin, or restart its hub")
            }
        }
        guard !known.isBeingDeleted else {
            throw ToolError("the namespace is just being unoffloaded; try again when that is done")
        }
        let (old, new) = (NamespaceOffloading(known), NamespaceOffloading(wanted))
        guard old.mapping == new.mapping, known.spec["remoteNamespaceName"] == wanted.spec["remoteNamespaceName"] else {
            throw ToolError(
                "the namespace is offloaded already with the mapping strategy \(old.mapping.rawValue), which cannot be "
                    + "changed; run '\(Invocation.name) unoffload namespace \(namespace)' first")
        }
        known.spec = wanted.spec
        return try await tool.cluster.update(.namespaceOffloadings, known)
    }

    // MARK: - Waiting

    private func wait(
        _ stored: KubernetesObject, _ deadline: ContinuousClock.Instant
    ) async throws -> NamespaceOffloading {
        var last = NamespaceOffloading(stored)
        do {
            return try await tool.waiting.until(deadline) {
                guard
                    let object = try await tool.cluster.find(
                        .namespaceOffloadings, namespace: namespace, name: Names.offloading),
                    object.uid == stored.uid
                else { throw ToolError("the offloading was deleted meanwhile") }
                last = NamespaceOffloading(object)
                // A status from before the last change says nothing about it.
                let observed = object.status["observedGeneration"]?.int ?? 0
                guard observed >= stored.generation, let phase = last.phase, phase != .inProgress else { return nil }
                return last
            }
        } catch let error as TimedOut {
            let problems = Self.problems(last)
            let silent = last.phase == nil ? "; no hub has looked at it: is the hub running in this cluster?" : ""
            throw ToolError(["\(error)\(silent)"] + problems)
        }
    }

    /// A line for each cluster on which the namespace is not ready.
    private static func problems(_ offloading: NamespaceOffloading) -> [String] {
        guard let clusters = offloading.object.status["remoteNamespacesConditions"]?.object else { return [] }
        return clusters.compactMap { cluster, conditions in
            guard let ready = Conditions.find("Ready", in: conditions), ready["status"]?.string != "True" else {
                return nil
            }
            let reason = ready["reason"]?.string ?? "NotReady"
            let message = ready["message"]?.string ?? ""
            return "cluster \"\(cluster)\": \(reason)" + (message.isEmpty ? "" : ": \(message)")
        }
    }
}
