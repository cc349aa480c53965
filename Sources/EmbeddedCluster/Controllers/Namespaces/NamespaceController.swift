import ClusterAPI
import JSONTree
import KubernetesModel
import Logging

/// Empties namespaces that are being deleted, then lets them go.
///
/// Pods go first and end in their own time; the rest follows once they are gone, so that a pod that shuts down still has
/// its configuration.
final class NamespaceController: BuiltInController {
    /// Kubernetes' own finalizer in `spec.finalizers`.
    private static let finalizer = "kubernetes"
    /// How soon to look again at what is left; the going of pods brings the next look sooner.
    private static let patience = Duration.milliseconds(250)
    /// How many deletions are under way at once for one namespace: enough for writes to share a commit.
    private static let atOnce = 32

    private let context: ControllerContext
    private let namespaces: Informer
    private let queue = WorkQueue<ObjectKey>()

    init(_ context: ControllerContext) {
        self.context = context
        namespaces = context.informers.informer(.namespaces)
        namespaces.onChange { [queue] in queue.add($0.key) }
        context.pods.informer.onChange { [namespaces, queue] change in
            guard change.new == nil else { return }
            let key = ObjectKey(name: change.key.namespace)
            if namespaces[key]?.isBeingDeleted == true { queue.add(key) }
        }
    }

    func run() async {
        guard (try? await namespaces.waitForSync()) != nil else { return }
        await Controller("namespace", queue: queue, workers: 4, logger: context.logger) {
            [weak self] key in try await self?.reconcile(key) ?? .none
        }.run()
    }

    private func reconcile(_ key: ObjectKey) async throws -> Requeue {
        guard let namespace = namespaces[key], namespace.isBeingDeleted,
            namespace.spec["finalizers"]?.strings?.contains(Self.finalizer) == true
        else { return .none }
        let progress = try await empty(key.name)
        let written = try await StatusWriter(cluster: context.cluster, type: .namespaces).write(
            progress.status(namespace.status, now: context.now()), of: namespace)
        guard progress.isDone else { return .after(Self.patience) }
        try await finalize(written)
        return .none
    }

    /// Deletes what is in the namespace, as far as it may go yet.
    ///
    /// - Returns: what was there before, less what went at once.
    private func empty(_ namespace: String) async throws -> NamespaceProgress {
        var progress = NamespaceProgress()
        let types = await context.servedTypes.resourceTypes().filter(\.isNamespaced)
        let first = types.filter { $0 == .pods }
        for stage in [first, types.filter { $0 != .pods }] {
            for type in stage { try await empty(type, in: namespace, &progress) }
            guard progress.isDone else { break }
        }
        return progress
    }

    private func empty(_ type: ResourceType, in namespace: String, _ progress: inout NamespaceProgress) async throws {
        let objects: [KubernetesObject]
        do {
            objects = try await context.cluster.list(type, namespace: namespace).items
        } catch let error as APIError where error.isNotFound {
            return  // Served no longer: a custom resource whose definition went meanwhile.
        }
        guard !objects.isEmpty else { return }
        let problems = await delete(objects.filter { !$0.isBeingDeleted }, type)
        if let problem = problems.first { progress.problems.append("\(type.groupResource): \(problem)") }
        progress.add(try await context.cluster.list(type, namespace: namespace).items, of: type)
    }

    private func delete(_ objects: [KubernetesObject], _ type: ResourceType) async -> [String] {
        let cluster = context.cluster
        return await withTaskGroup(of: String?.self) { group in
            var problems: [String] = []
            for (place, object) in objects.enumerated() {
                if place >= Self.atOnce, let problem = await group.next() ?? nil { problems.append(problem) }
                group.addTask {
                    do {
                        try await cluster.deleteIfPresent(
                            type, namespace: object.namespace, name: object.name,
                            DeleteOptions(propagation: .background, uid: object.uid))
                        return nil
                    } catch let error as APIError where error.isConflict {
                        return nil  // Another object of the name by now: the next look deals with it.
                    } catch {
                        return "\(error)"
                    }
                }
            }
            for await problem in group { if let problem { problems.append(problem) } }
            return problems
        }
    }

    private func finalize(_ namespace: KubernetesObject) async throws {
        guard var live = try await context.cluster.find(.namespaces, name: namespace.name),
            live.uid == namespace.uid
        else { return }
        live.json["spec", "finalizers"] = .array(
            (live.spec["finalizers"]?.array ?? []).filter { $0.string != Self.finalizer })
        do {
            _ = try await context.cluster.update(.namespaces, live, subresource: "finalize", WriteOptions())
        } catch let error as APIError where error.isNotFound {
            return
        }
        context.logger.debug("namespace emptied", metadata: ["namespace": "\(namespace.name)"])
    }
}
