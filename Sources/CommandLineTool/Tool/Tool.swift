import ClusterAPI
import KubernetesModel
import OffloadingModel

/// What every command works with: one cluster, where to print, how to wait and whom to ask.
struct Tool: Sendable {
    let cluster: any ClusterAPI
    let target: ClusterTarget
    let printer: Printer
    let host: ToolHost
    /// Whether more is shown.
    let isVerbose: Bool
    /// Whether nobody is asked.
    let skipsConfirmation: Bool

    var waiting: Waiting { Waiting(interval: host.pace.interval) }

    /// What the cluster's daemons say of it and of themselves: its hub, its agent or both.
    ///
    /// - Throws: `ToolError` where Causeway is not there or its ConfigMap cannot be read.
    func clusterInfo() async throws -> ClusterFacts {
        var infos: [ClusterInfo] = []
        for name in [Names.clusterInfo, Names.clusterInfo(.hub), Names.clusterInfo(.agent)] {
            guard let info = try await clusterInfo(name), !infos.contains(where: { $0.role == info.role }) else {
                continue
            }
            infos.append(info)
        }
        guard let first = infos.first else {
            throw ToolError(
                "Causeway is not running in cluster \(target): it has no ConfigMap "
                    + "\(Names.systemNamespace)/\(Names.clusterInfo); start causeway-hub or causeway-agent there")
        }
        return ClusterFacts(first: first, second: infos.dropFirst().first)
    }

    private func clusterInfo(_ name: String) async throws -> ClusterInfo? {
        guard let object = try await cluster.find(.configMaps, namespace: Names.systemNamespace, name: name) else {
            return nil
        }
        do {
            return try ClusterInfo(object)
        } catch {
            throw ToolError("\(error); delete the ConfigMap, and the daemon writes it anew")
        }
    }

    /// The ForeignClusters, by name.
    ///
    /// - Returns: `nil` where the cluster does not serve the kind.
    func foreignClusters() async throws -> [ForeignCluster]? {
        try await served { try await cluster.list(.foreignClusters).items.map(ForeignCluster.init) }
    }

    /// The NamespaceOffloadings of all namespaces; `nil` where the cluster does not serve the kind.
    func offloadings() async throws -> [NamespaceOffloading]? {
        try await served { try await cluster.list(.namespaceOffloadings).items.map(NamespaceOffloading.init) }
    }

    private func served<T>(_ list: () async throws -> T) async throws -> T? {
        do {
            return try await list()
        } catch let error as APIError where error.isNotFound {
            return nil
        }
    }

    /// Asks whether a command that destroys something shall go on; only a person at a terminal is asked.
    ///
    /// - Throws: `ToolError` where the answer is not yes.
    func confirm(_ command: String) throws {
        guard host.isInteractive, !skipsConfirmation else { return }
        host.output.write("\(Invocation.name) \(command) is a potentially destructive command.\n")
        host.output.write("Are you sure you want to continue? [yes/no] ")
        let answer = (host.readLine() ?? "").filter { !$0.isWhitespace }.lowercased()
        guard answer == "yes" || answer == "y" else { throw ToolError("action aborted") }
    }

    /// An error in the words of the user's cluster.
    func explain(_ error: any Error) -> any Error {
        switch error {
        case let error as ClusterUnreachable:
            ToolError(
                "cluster \(target) cannot be reached at \(target.server): \(error.clause); is its daemon running?")
        case let error as APIError where error.code == 401:
            ToolError("cluster \(target) does not know who is asking: \(error.message); check the kubeconfig's user")
        case let error as APIError:
            ToolError("cluster \(target): \(error.message)")
        default: error
        }
    }
}
