import ClusterAPI
import KubernetesModel
import OffloadingModel

/// `unoffload namespace`: deletes the NamespaceOffloading and waits until nothing of it is left.
struct NamespaceUnoffloader: Sendable {
    let tool: Tool
    let namespace: String
    let timeout: Duration

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        guard
            let known = try await tool.cluster.find(
                .namespaceOffloadings, namespace: namespace, name: Names.offloading)
        else {
            throw ToolError(
                "Failed disabling the offloading of namespace \"\(namespace)\": it is not offloaded in cluster \(tool.target)"
            )
        }
        try tool.confirm("unoffload namespace")
        try await tool.printer.stage(
            "Disabling namespace offloading for \"\(namespace)\"",
            done: "Offloading of namespace \"\(namespace)\" correctly disabled",
            failure: "Failed disabling the offloading of namespace \"\(namespace)\""
        ) {
            try await tool.cluster.deleteIfPresent(
                .namespaceOffloadings, namespace: namespace, name: Names.offloading, DeleteOptions(uid: known.uid))
        }
        try await tool.printer.stage(
            "Waiting for unoffloading of namespace \"\(namespace)\" to complete",
            done: "Unoffloading completed successfully",
            failure: "Failed waiting for the unoffloading of namespace \"\(namespace)\" to complete"
        ) {
            try await tool.waiting.until(deadline) {
                let object = try await tool.cluster.find(
                    .namespaceOffloadings, namespace: namespace, name: Names.offloading)
                return object?.uid == known.uid ? nil : true as Bool?
            }
        }
    }
}
