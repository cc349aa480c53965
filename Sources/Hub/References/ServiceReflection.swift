import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import Wire

/// Has the Services of an offloaded namespace on the edges that hold the namespace, whether they have pods of it or not: a pod
/// learns the addresses of Services when it starts.
///
/// Each edge's Service reaches the pods of that edge. One without a selector stays at the origin, and so does `ExternalName`.
final class ServiceReflection: Sendable {
    private let context: HubContext
    /// By namespace, what was set.
    private let known = Mutex<[String: Set<ItemKey>]>([:])

    init(context: HubContext) { self.context = context }

    /// - Parameter namespace: the key: a namespace's name.
    func reconcile(_ namespace: String) {
        let services = context.services.objects(index: HubContext.byNamespace, namespace)
        // Most often there is nothing to do, and a plan is worth a look at all edges.
        guard !services.isEmpty || known.withLock({ $0[namespace] != nil }) else { return }
        let plan = context.plan(namespace)
        let selected = plan?.selected ?? []
        known.withLock { known in
            var keys = Set<ItemKey>()
            for service in services where !selected.isEmpty {
                guard let plan, let fields = Self.fields(service) else { continue }
                let key = PodReferences.Object(.service, service.name).key(in: namespace)
                keys.insert(key)
                context.desired.set(
                    key, .object(DesiredObject(remoteNamespace: plan.remoteNamespace, fields: fields)), on: selected)
            }
            for key in known[namespace] ?? [] where !keys.contains(key) { context.desired.set(key, [:]) }
            known[namespace] = keys.isEmpty ? nil : keys
        }
    }

    /// What edges get of a Service; `nil` where it stays at the origin.
    private static func fields(_ service: KubernetesObject) -> JSON? {
        let kind = ReflectedKind.service
        guard !service.isBeingDeleted, kind.objection(to: service.json, name: service.name) == nil,
            service.key != ObjectKey(namespace: "default", name: "kubernetes")
        else { return nil }
        return kind.fields(of: service.json)
    }
}
