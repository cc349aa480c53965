import ClusterAPI
import JSONTree
import KubernetesModel

/// Keeps the `Endpoints` and `EndpointSlice` objects of every Service with a selector at what its pods are.
///
/// Pods count wherever they run, on virtual nodes too, as soon as they report an address.
final class EndpointsController: BuiltInController {
    /// How long changes of pods are gathered: the objects name all pods, and writing them for each pod would be quadratic.
    private static let gathering = Duration.milliseconds(25)

    private let context: ControllerContext
    private let services: Informer
    private let endpoints: Informer
    private let slices: Informer
    private let queue = WorkQueue<ObjectKey>()
    private static let byNamespace = "namespace"
    private static let byService = "service"

    init(_ context: ControllerContext) {
        self.context = context
        services = context.informers.informer(.services)
        endpoints = context.informers.informer(.endpoints)
        slices = context.informers.informer(.endpointSlices)
        services.addIndex(Self.byNamespace) { [$0.namespace] }
        slices.addIndex(Self.byService) { slice in
            guard slice.label(EndpointSlicePlan.managedBy) == EndpointSlicePlan.manager else { return [] }
            return slice.label(EndpointSlicePlan.serviceName).map { ["\(slice.namespace)/\($0)"] } ?? []
        }
        services.onChange { [queue] in queue.add($0.key) }
        endpoints.onChange { [queue] change in
            guard change.object.label(EndpointsPlan.managedBy) == EndpointsPlan.manager else { return }
            queue.add(change.key, after: Self.gathering)
        }
        slices.onChange { [queue] change in
            guard let service = change.object.label(EndpointSlicePlan.serviceName) else { return }
            queue.add(ObjectKey(namespace: change.key.namespace, name: service), after: Self.gathering)
        }
        context.pods.informer.onChange { [weak self] in self?.podChanged($0) }
    }

    func run() async {
        for informer in [services, endpoints, slices, context.pods.informer] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        await Controller("endpoints", queue: queue, workers: 4, logger: context.logger) {
            [weak self] key in
            try await self?.reconcile(key)
            return .none
        }.run()
    }

    private func podChanged(_ change: InformerChange) {
        for service in services.objects(index: Self.byNamespace, change.key.namespace) {
            guard let selector = Self.selector(of: service) else { continue }
            if [change.old, change.new].compactMap(\.self).contains(where: selector.matches) {
                queue.add(service.key, after: Self.gathering)
            }
        }
    }

    /// - Returns: `nil` for a Service whose endpoints are somebody else's business.
    private static func selector(of service: KubernetesObject) -> LabelSelector? {
        guard service.spec["type"]?.string != "ExternalName",
            let labels = service.spec["selector"]?.stringMap, !labels.isEmpty
        else { return nil }
        return LabelSelector(
            labels.keys.sorted().map { .init(key: $0, operator: .in, values: [labels[$0] ?? ""]) })
    }

    private func reconcile(_ key: ObjectKey) async throws {
        let current = endpoints[key]
        guard let service = services[key], !service.isBeingDeleted else {
            // The slices follow by their owner references; the older form has none.
            if current?.label(EndpointsPlan.managedBy) == EndpointsPlan.manager {
                try await context.cluster.deleteIfPresent(.endpoints, namespace: key.namespace, name: key.name)
            }
            return
        }
        guard let selector = Self.selector(of: service) else { return }
        let pods = context.pods.pods(in: key.namespace).filter { selector.matches($0.object) }
        let backends = ServiceBackend.all(of: service, among: pods)
        try await quietly {
            try await store(EndpointsPlan.endpoints(of: service, backends, current: current), current)
        }
        let plan = EndpointSlicePlan(
            of: service, backends, current: slices.objects(index: Self.byService, key.description))
        for slice in plan.create { try await quietly { try await create(slice) } }
        for slice in plan.update {
            try await quietly { _ = try await context.cluster.update(.endpointSlices, slice) }
        }
        for slice in plan.delete {
            try await context.cluster.deleteIfPresent(
                .endpointSlices, namespace: slice.namespace, name: slice.name, DeleteOptions(uid: slice.uid))
        }
    }

    private func store(_ endpoints: KubernetesObject, _ current: KubernetesObject?) async throws {
        if current == nil {
            _ = try await context.cluster.create(.endpoints, endpoints)
        } else if endpoints != current {
            _ = try await context.cluster.update(.endpoints, endpoints)
        }
    }

    private func create(_ slice: KubernetesObject) async throws {
        _ = try await context.cluster.create(.endpointSlices, slice)
    }

    /// Writes what may have gone, or come, since it was seen: in both cases the change brings the controller back.
    private func quietly(_ write: () async throws -> Void) async throws {
        do {
            try await write()
        } catch let error as APIError
            where error.isNotFound || error.isAlreadyExists
            || error.causes.contains(where: { $0.reason == "NamespaceTerminating" })
        {
            return
        }
    }
}
