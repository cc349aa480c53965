import ClusterAPI
import ClusterBootstrap
import KubernetesModel
import OffloadingModel

/// What `install` has put into a cluster, or the same manifests by another hand, and how it goes.
///
/// Only objects with the label of an installation go: another of the same name is somebody else's.
struct InstalledObjects: Sendable {
    let tool: Tool

    /// Everything of both roles but the kinds, what runs first, the namespace last.
    private static let entries: [InstallationManifests.Entry] = {
        var seen = Set<String>()
        let all = [ClusterInfo.Role.hub, .agent].flatMap {
            InstallationManifests(InstallationPlan(role: $0, clusterName: "any")).all
        }
        let order = { (type: ResourceType) in type == .deployments ? 0 : type == .namespaces ? 2 : 1 }
        return all.filter { entry in
            entry.type != .customResourceDefinitions
                && seen.insert("\(entry.type.groupResource) \(entry.object.key)").inserted
        }.sorted { order($0.type) < order($1.type) }
    }()

    /// Removes them, with all keys, and waits until nothing of them is left.
    ///
    /// - Returns: what was removed, as `kubectl` names it.
    func remove(_ deadline: ContinuousClock.Instant) async throws -> [String] {
        var removed: [String] = []
        for entry in Self.entries {
            let gone = try await tool.waiting.patiently(deadline) { () -> KubernetesObject? in
                guard let found = try await find(entry) else { return nil }
                try await tool.cluster.deleteIfPresent(
                    entry.type, namespace: namespace(entry), name: found.name,
                    DeleteOptions(propagation: .background, uid: found.uid))
                return found
            }
            guard let found = gone else { continue }
            removed.append("\(entry.type.groupResource)/\(found.name)")
            switch entry.type {
            // Its pods write what goes next.
            case .deployments: try await waitUntilGone(deadline) { try await podsLeft(of: found.name) }
            case .namespaces:
                try await waitUntilGone(deadline) {
                    try await tool.cluster.find(.namespaces, name: found.name).map { ["the namespace \"\($0.name)\""] }
                        ?? []
                }
            default: break
            }
        }
        return removed
    }

    private func namespace(_ entry: InstallationManifests.Entry) -> String? {
        entry.object.namespace.isEmpty ? nil : entry.object.namespace
    }

    private func find(_ entry: InstallationManifests.Entry) async throws -> KubernetesObject? {
        let found = try await tool.cluster.find(entry.type, namespace: namespace(entry), name: entry.object.name)
        return found?.label(Names.partOfLabel) == Names.partOfValue ? found : nil
    }

    private func podsLeft(of name: String) async throws -> [String] {
        // Those that nobody owns go with the namespace.
        try await tool.cluster.list(
            .pods, namespace: Names.systemNamespace, ListOptions(labelSelector: "app.kubernetes.io/name=\(name)")
        ).items.filter { $0.controller != nil }.map { "pod \($0.name)" }
    }

    private func waitUntilGone(_ deadline: ContinuousClock.Instant, _ left: () async throws -> [String]) async throws {
        var names: [String] = []
        do {
            try await tool.waiting.until(deadline) {
                names = try await left()
                return names.isEmpty ? true : nil as Bool?
            }
        } catch var error as TimedOut {
            error.detail = error.detail ?? "still there: \(names.joined(separator: ", "))"
            throw error
        }
    }
}
