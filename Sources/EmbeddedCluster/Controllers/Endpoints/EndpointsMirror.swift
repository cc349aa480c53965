import ClusterAPI
import JSONTree
import KubernetesModel

/// Keeps `EndpointSlice` objects for the `Endpoints` that people make by hand for Services without a selector: whoever
/// reads slices finds these endpoints as well.
final class EndpointsMirror: BuiltInController {
    private let context: ControllerContext
    private let services: Informer
    private let endpoints: Informer
    private let slices: Informer
    private let queue = WorkQueue<ObjectKey>()
    private static let byMirrored = "mirrored"

    init(_ context: ControllerContext) {
        self.context = context
        services = context.informers.informer(.services)
        endpoints = context.informers.informer(.endpoints)
        slices = context.informers.informer(.endpointSlices)
        slices.addIndex(Self.byMirrored) { slice in Self.mirrored(by: slice).map { [$0.description] } ?? [] }
        services.onChange { [queue] in queue.add($0.key) }
        endpoints.onChange { [queue] in queue.add($0.key) }
        slices.onChange { [queue] change in
            if let key = Self.mirrored(by: change.object) { queue.add(key) }
        }
    }

    /// The `Endpoints` that a slice mirrors; `nil` for slices of others.
    private static func mirrored(by slice: KubernetesObject) -> ObjectKey? {
        guard slice.label(EndpointSlicePlan.managedBy) == MirroredSlicesPlan.manager else { return nil }
        return slice.label(EndpointSlicePlan.serviceName).map { ObjectKey(namespace: slice.namespace, name: $0) }
    }

    func run() async {
        for informer in [services, endpoints, slices] {
            guard (try? await informer.waitForSync()) != nil else { return }
        }
        await Controller("endpointslicemirroring", queue: queue, workers: 1, logger: context.logger) {
            [weak self] key in
            try await self?.reconcile(key)
            return .none
        }.run()
    }

    private func reconcile(_ key: ObjectKey) async throws {
        let current = slices.objects(index: Self.byMirrored, key.description)
        let plan = MirroredSlicesPlan(of: source(key), current: current)
        do {
            for slice in plan.create { _ = try await context.cluster.create(.endpointSlices, slice) }
            for slice in plan.update { _ = try await context.cluster.update(.endpointSlices, slice) }
        } catch let error as APIError
            where error.isNotFound || error.isAlreadyExists
            || error.causes.contains(where: { $0.reason == "NamespaceTerminating" })
        {
            // What came or went meanwhile brings the controller back by its change.
            return
        }
        for slice in plan.delete {
            try await context.cluster.deleteIfPresent(
                .endpointSlices, namespace: slice.namespace, name: slice.name, DeleteOptions(uid: slice.uid))
        }
    }

    /// The `Endpoints` of a Service that leaves them to people; `nil` where there is nothing to mirror.
    private func source(_ key: ObjectKey) -> KubernetesObject? {
        guard let service = services[key], !service.isBeingDeleted,
            service.spec["selector"]?.object?.isEmpty ?? true,
            let endpoints = endpoints[key], MirroredSlicesPlan.isMirrored(endpoints)
        else { return nil }
        return endpoints
    }
}
