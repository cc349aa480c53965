import ArgumentParser
import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling

/// `plan`: reads what there is, asks the scheduler, prints, and fails where a pod would have no place.
struct PlacementReport: Sendable {
    let tool: Tool
    let manifest: PlanManifest
    /// As named on the command line.
    let namespace: String?
    /// Names of clusters, or of nodes.
    let without: [String]
    let with: [HypotheticalEdge]
    let replicas: Int?
    let format: StatusFormat

    func run() async throws {
        if let namespace, !manifest.namespace.isEmpty, namespace != manifest.namespace {
            throw ToolError(
                "the manifest is for namespace \(manifest.namespace), not \(namespace): leave one of them out")
        }
        let place = manifest.namespace.isEmpty ? namespace ?? "default" : manifest.namespace
        let template = try await admitted(in: place)
        let view = try await SchedulerView(tool.cluster, namespace: place)
        var question = view.question(template, replicas: replicas ?? manifest.replicas, own: manifest.spreadSelector) {
            [manifest] in manifest.isOwn($0, namespace: place)
        }
        question.without = try Set(without.map { try node(of: $0, among: view.nodes) })
        question.with = with.map(\.node)
        // Of other workloads no pod moves by itself.
        question.rebalances = manifest.kind == "Deployment" && view.offloading?.policy.rebalance != nil
        let plan: PlacementPlan
        do {
            plan = try question.answer()
        } catch {
            throw ToolError("the pods cannot be planned: \(error.message)")
        }
        let text = PlacementText(plan, manifest, namespace: place, replicas: question.replicas)
        tool.host.output.write(format == .json ? text.json.text(.pretty) + "\n" : text.table)
        guard plan.pending.isEmpty else {
            throw ToolError(
                plan.pending.count == 1 ? "1 pod would stay Pending" : "\(plan.pending.count) pods would stay Pending")
        }
    }

    /// A pod of the workload with everything that the API adds on its way in: asked of the API itself, which stores nothing.
    private func admitted(in namespace: String) async throws -> KubernetesObject {
        do {
            return try await tool.cluster.create(
                .pods, manifest.pod(namespace: namespace), WriteOptions(isDryRun: true))
        } catch let error as APIError where error.isNotFound {
            throw ToolError(
                "namespace \(namespace) does not exist: create and offload it first, or name another with -n")
        }
    }

    private func node(of name: String, among nodes: [KubernetesObject]) throws -> String {
        let names = Set(nodes.map(\.name))
        if names.contains(Names.virtualNode(name)) { return Names.virtualNode(name) }
        if names.contains(name) { return name }
        let known = nodes.map { PlacementText.cluster($0.name) }.sorted().joined(separator: ", ")
        throw ToolError("--without \(name): there is no such cluster; there are \(known)")
    }
}
