import ClusterAPI
import KubernetesModel
import Logging
import Scheduling

/// What a scheduler loop watches.
struct SchedulerInformers: Sendable {
    let pods: Informer
    let nodes: Informer
    let namespaces: Informer
    let budgets: Informer
    /// One for each of `Workloads.types`.
    let workloads: [Informer]
    /// Those that somebody else runs are left out.
    private let own: [Informer]

    /// - Parameter shared: for all pods and all nodes, where somebody has them already and runs them.
    init(_ cluster: any ClusterAPI, shared: (pods: Informer, nodes: Informer)?, logger: Logger) {
        func informer(_ type: ResourceType) -> Informer { Informer(cluster, type, logger: logger) }
        pods = shared?.pods ?? informer(.pods)
        nodes = shared?.nodes ?? informer(.nodes)
        namespaces = informer(.namespaces)
        budgets = informer(.podDisruptionBudgets)
        workloads = Workloads.types.map(informer)
        own = (shared == nil ? [pods, nodes] : []) + [namespaces, budgets] + workloads
    }

    /// Runs those that nobody else runs until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for informer in own { group.addTask { await informer.run() } }
        }
    }

    /// Suspends until all have seen everything there is.
    ///
    /// - Throws: `CancellationError`.
    func waitForSync() async throws {
        for informer in [nodes, pods, namespaces, budgets] + workloads { try await informer.waitForSync() }
    }
}
