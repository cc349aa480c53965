import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import OffloadingModel

/// `install`: applies the manifests of a hub or an agent to a real cluster, and waits until it works.
///
/// Applied on the server's side, so that what others own stays: the authority that a running hub has put into its webhook, and
/// what a cluster's own policies add. Whoever runs it twice changes nothing the second time.
struct Installation: Sendable {
    let tool: Tool
    let plan: InstallationPlan
    let waits: Bool
    let timeout: Duration
    let format: StatusFormat

    private static let manager = Invocation.canonicalName

    func run() async throws {
        let deadline = ContinuousClock.now + timeout
        try await tool.printer.stage(
            "Running pre-install checks", done: "Pre-install checks passed", failure: "Failed pre-install checks"
        ) {
            try await tool.waiting.patiently(deadline) { try await check() }
        }
        let entries = InstallationManifests(plan).all
        let applied = try await tool.printer.stage(
            "Applying \(entries.count) objects", done: "Applied \(entries.count) objects", failure: "Failed installing"
        ) {
            try await apply(entries, deadline)
        }
        if waits {
            try await tool.printer.stage(
                "Waiting for the Deployment \(plan.name)", done: "The \(plan.role.rawValue) is available",
                failure: "The objects were applied, but the \(plan.role.rawValue) is not available"
            ) {
                try await waitUntilAvailable(deadline)
            }
        }
        tool.printer.success("Causeway installed")
        if format == .json { tool.host.output.write(InstallationManifests.list(applied).text(.pretty) + "\n") }
    }

    // MARK: - Checks

    /// Refuses what would break a cluster that is in use: another name while there are peers or a daemon of the other role.
    private func check() async throws {
        guard
            let known = try await tool.cluster.find(
                .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo)
        else { return }
        let info: ClusterInfo
        do {
            info = try ClusterInfo(known)
        } catch {
            throw ToolError("\(error); delete the ConfigMap, and install again")
        }
        guard info.mode != "embedded" else {
            throw ToolError(
                "cluster \(tool.target) is the embedded one of a causeway-\(info.role.rawValue): there is nothing to install"
            )
        }
        guard info.role == plan.role || info.clusterName == plan.clusterName else {
            throw ToolError(
                "cluster \(tool.target) has a \(info.role.rawValue) that calls it \"\(info.clusterName)\", and has one name in all "
                    + "its peerings: install with --cluster-name \(info.clusterName), or run '\(Invocation.name) uninstall' first"
            )
        }
        let peers = try await tool.foreignClusters() ?? []
        guard info.clusterName == plan.clusterName || peers.isEmpty else {
            throw ToolError(
                "cluster \(tool.target) is known to its peers as \"\(info.clusterName)\", which cannot change while it has any: "
                    + peers.map(\.name).sorted().joined(separator: ", "))
        }
    }

    // MARK: - Applying

    private func apply(
        _ entries: [InstallationManifests.Entry], _ deadline: ContinuousClock.Instant
    ) async throws -> [KubernetesObject] {
        var applied: [KubernetesObject] = []
        for entry in entries {
            let object = entry.object
            do {
                let stored = try await tool.waiting.patiently(deadline) {
                    try await makesRoom(for: entry)
                        ? try await tool.cluster.patch(
                            entry.type, namespace: object.namespace.isEmpty ? nil : object.namespace,
                            name: object.name, Patch(.apply, object.json), subresource: nil,
                            WriteOptions(fieldManager: Self.manager, force: true)) : nil
                }
                if let stored { applied.append(stored) }
            } catch let error as APIError {
                throw ToolError(
                    "\(entry.type.groupResource) \"\(object.name)\": \(error.message); what came before is applied, and the command can be run again"
                )
            }
            if tool.isVerbose { tool.printer.info("\(entry.type.groupResource) \"\(object.name)\" applied") }
        }
        return applied
    }

    /// A webhook that a hub outside of the cluster has registered by its URL cannot become one by Service, nor be both: it
    /// stays where the daemon is started by other means, and goes otherwise.
    private func makesRoom(for entry: InstallationManifests.Entry) async throws -> Bool {
        guard entry.type == .mutatingWebhookConfigurations,
            let found = try await tool.cluster.find(entry.type, name: entry.object.name),
            (found.json["webhooks"]?.array ?? []).contains(where: { $0["clientConfig"]?["url"] != nil })
        else { return true }
        guard plan.replicas > 0 else { return false }
        try await tool.cluster.deleteIfPresent(
            entry.type, name: entry.object.name, DeleteOptions(uid: found.uid))
        return true
    }

    // MARK: - Waiting

    private func waitUntilAvailable(_ deadline: ContinuousClock.Instant) async throws {
        var last = "its Deployment has no status yet"
        do {
            try await tool.waiting.until(deadline) {
                guard
                    let found = try await tool.cluster.find(
                        .deployments, namespace: Names.systemNamespace, name: plan.name)
                else { throw ToolError("somebody deleted the Deployment \(plan.name) meanwhile") }
                let status = found.status
                let wanted = found.spec["replicas"]?.int ?? 1
                let counts = ["updatedReplicas", "availableReplicas", "replicas"].map { status[$0]?.int ?? 0 }
                last = "\(counts[1]) of \(wanted) pods are available"
                let isSeen = (status["observedGeneration"]?.int ?? 0) >= found.generation
                return isSeen && counts.allSatisfy { $0 == wanted } ? true : nil as Bool?
            }
        } catch var error as TimedOut {
            if error.detail == nil { error.detail = last + (try await podReasons()) }
            throw error
        }
    }

    /// Why the pods are not there, as far as they say so.
    private func podReasons() async throws -> String {
        let pods = try await tool.cluster.list(
            .pods, namespace: Names.systemNamespace,
            ListOptions(labelSelector: "app.kubernetes.io/name=\(plan.name)"))
        let reasons = pods.items.compactMap { pod -> String? in
            let waiting = (pod.status["containerStatuses"]?.array ?? []).compactMap { $0["state"]?["waiting"] }.first
            let scheduled = Conditions.find("PodScheduled", in: pod.status["conditions"])
            let unscheduled = scheduled?["status"] == "False" ? scheduled : nil
            guard let reason = waiting ?? unscheduled, let word = reason["reason"]?.string else { return nil }
            return "pod \(pod.name): \(word)" + (reason["message"]?.string.map { " (\($0))" } ?? "")
        }
        return reasons.isEmpty ? "" : "; " + reasons.joined(separator: "; ")
    }
}
