import ClusterAPI
import JSONTree
import KubernetesModel

/// Keeps a ConfigMap `kube-root-ca.crt` in every namespace that is not going: by whom the API's certificate is signed.
final class RootCertificateController: BuiltInController {
    private static let name = "kube-root-ca.crt"
    private static let description =
        "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
        + "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
        + "clusters."

    private let context: ControllerContext
    /// PEM.
    private let certificate: String
    private let namespaces: Informer
    private let configMaps: Informer
    private let queue = WorkQueue<String>()

    init(_ context: ControllerContext, certificate: String) {
        self.context = context
        self.certificate = certificate
        namespaces = context.informers.informer(.namespaces)
        configMaps = context.informers.informer(.configMaps)
        namespaces.onChange { [queue] change in
            if change.new != nil { queue.add(change.key.name) }
        }
        configMaps.onChange { [queue] change in
            if change.key.name == Self.name { queue.add(change.key.namespace) }
        }
    }

    func run() async {
        for informer in [namespaces, configMaps] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        await Controller("root-ca-cert-publisher", queue: queue, workers: 2, logger: context.logger) {
            [weak self] namespace in
            try await self?.reconcile(namespace)
            return .none
        }.run()
    }

    private func reconcile(_ namespace: String) async throws {
        guard let object = namespaces.get(name: namespace), !object.isBeingDeleted else { return }
        let data: JSON = ["ca.crt": .string(certificate)]
        do {
            guard var current = configMaps.get(namespace: namespace, name: Self.name) else {
                _ = try await context.cluster.create(
                    .configMaps,
                    KubernetesObject(
                        .configMaps, name: Self.name, namespace: namespace,
                        [
                            "metadata": ["annotations": ["kubernetes.io/description": .string(Self.description)]],
                            "data": data,
                        ]))
                return
            }
            guard current.json["data"] != data else { return }
            current.json["data"] = data
            _ = try await context.cluster.update(.configMaps, current)
        } catch let error as APIError
            where error.isAlreadyExists || error.isNotFound || error.reason == .forbidden
        {
            // There already, or the namespace has just gone.
            return
        }
    }
}
