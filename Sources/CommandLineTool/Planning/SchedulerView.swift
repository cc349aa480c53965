import ClusterAPI
import KubernetesModel
import OffloadingModel
import Scheduling

/// What the scheduler goes by, as the cluster's API shows it.
struct SchedulerView: Sendable {
    let nodes: [KubernetesObject]
    let pods: [KubernetesObject]
    private let namespaces: [KubernetesObject]
    private let workloads: Workloads
    /// How the namespace's offloading is; `nil` where it is not offloaded.
    let offloading: NamespaceOffloading?

    /// Reads all of it.
    init(_ cluster: any ClusterAPI, namespace: String) async throws {
        nodes = try await cluster.list(.nodes).items
        pods = try await cluster.list(.pods).items
        namespaces = try await cluster.list(.namespaces).items
        offloading = try await cluster.find(.namespaceOffloadings, namespace: namespace, name: Names.offloading)
            .map(NamespaceOffloading.init)
        var workloads = Workloads()
        for type in Workloads.types {
            for object in try await cluster.list(type, namespace: namespace).items {
                workloads.set(type, object.key, to: object)
            }
        }
        self.workloads = workloads
    }

    /// A question about pods of this template.
    ///
    /// - Parameter own: what its manifest selects, where the pods need not exist yet; `nil` for what the template's owner selects.
    func question(
        _ template: KubernetesObject, replicas: Int, own: LabelSelector? = nil,
        isOwn: @escaping @Sendable (KubernetesObject) -> Bool
    ) -> PlacementQuestion {
        var question = PlacementQuestion(
            nodes: nodes, pods: pods, template: template, replicas: replicas, isOwn: isOwn)
        question.namespaces = namespaces
        let requirements = (own?.requirements ?? []) + (workloads.selector(of: template)?.requirements ?? [])
        question.workload = requirements.isEmpty ? nil : LabelSelector(requirements)
        question.fill = offloading?.policy.fill.map { WaterFill(weights: $0.nodeWeights) }
        return question
    }
}
