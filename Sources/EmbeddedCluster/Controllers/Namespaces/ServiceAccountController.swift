import ClusterAPI
import KubernetesModel

/// Keeps a ServiceAccount `default` in every namespace that is not going.
final class ServiceAccountController: BuiltInController {
    private static let name = "default"

    private let context: ControllerContext
    private let namespaces: Informer
    private let serviceAccounts: Informer
    private let queue = WorkQueue<String>()

    init(_ context: ControllerContext) {
        self.context = context
        namespaces = context.informers.informer(.namespaces)
        serviceAccounts = context.informers.informer(.serviceAccounts)
        namespaces.onChange { [queue] change in
            if change.new != nil { queue.add(change.key.name) }
        }
        serviceAccounts.onChange { [queue] change in
            if change.new == nil, change.key.name == Self.name { queue.add(change.key.namespace) }
        }
    }

    func run() async {
        for informer in [namespaces, serviceAccounts] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        await Controller("serviceaccount", queue: queue, workers: 2, logger: context.logger) {
            [weak self] namespace in
            try await self?.reconcile(namespace)
            return .none
        }.run()
    }

    private func reconcile(_ namespace: String) async throws {
        guard let object = namespaces.get(name: namespace), !object.isBeingDeleted,
            serviceAccounts.get(namespace: namespace, name: Self.name) == nil
        else { return }
        do {
            _ = try await context.cluster.create(
                .serviceAccounts, KubernetesObject(.serviceAccounts, name: Self.name, namespace: namespace))
        } catch let error as APIError
            where error.isAlreadyExists || error.isNotFound || error.reason == .forbidden
        {
            // There already, or the namespace has just gone.
            return
        }
    }
}
