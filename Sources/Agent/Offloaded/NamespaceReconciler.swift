import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Keeps one namespace of this edge as its hub wants it. One that is not a hub's is never touched.
///
/// | the namespace | wanted by its hub | not wanted |
/// |---|---|---|
/// | is missing | made: Creating | no longer told |
/// | is the hub's | kept: Ready | deleted once all wants are known: Terminating |
/// | is going | Terminating, made again when gone | Terminating |
/// | is another's | Conflict | nothing |
struct NamespaceReconciler: Sendable {
    let context: AgentContext

    private struct Want {
        let hub: HubPeering
        let item: DesiredItem
        let namespace: DesiredNamespace
    }

    /// - Parameter name: on this edge.
    func reconcile(_ name: String) async throws -> Requeue {
        guard context.namespaces.isSynced else { return .after(.milliseconds(100)) }
        let wants = context.hubs.all.filter { !$0.isEnding }.flatMap { hub in
            hub.desiredNamespaces(named: name).compactMap { item in
                item.content.namespace.map { Want(hub: hub, item: item, namespace: $0) }
            }
        }
        var told: Set<HubItem> = []
        func tell(_ hub: HubPeering, _ key: ItemKey, _ state: ObservedNamespace.State, _ message: String = "") {
            told.insert(HubItem(hub: hub.clusterID, key: key))
            hub.report(key, .namespace(ObservedNamespace(remoteName: name, state: state, message: message)))
        }
        defer { retract(name, except: told) }
        guard let object = context.namespaces.get(name: name) else {
            guard let first = wants.first else { return .none }
            for want in wants.dropFirst() { tell(want.hub, want.item.key, .conflict, conflict(name)) }
            return try await create(name, first) { tell(first.hub, first.item.key, $0, $1) }
        }
        let origin = OriginOf.namespace(object)
        let own = wants.first { $0.hub.clusterID == origin?.hub && $0.item.key == origin?.key }
        for want in wants where want.hub !== own?.hub || want.item.key != own?.item.key {
            tell(want.hub, want.item.key, .conflict, conflict(name))
        }
        guard let origin, let hub = context.hubs[origin.hub], !hub.isEnding else { return .none }
        if object.isBeingDeleted {
            tell(hub, origin.key, .terminating)
        } else if let own {
            try await keep(object, own)
            tell(hub, origin.key, .ready)
        } else if hub.isComplete {
            tell(hub, origin.key, .terminating)
            try await context.cluster.deleteIfPresent(.namespaces, name: name, DeleteOptions(uid: object.uid))
            context.logger.info(
                "a namespace was removed",
                metadata: [LogKey.namespace: "\(name)", LogKey.hubID: "\(hub.clusterID)"])
        } else {
            tell(hub, origin.key, .ready)
        }
        return .none
    }

    /// What a hub is told of its namespace before anything is known of its wants.
    func observation(_ object: KubernetesObject) -> ObservedContent {
        .namespace(
            ObservedNamespace(remoteName: object.name, state: object.isBeingDeleted ? .terminating : .ready))
    }

    private func conflict(_ name: String) -> String {
        "the namespace \(name) exists on \(context.configuration.clusterName) and is not this one's; it was not touched"
    }

    private func create(
        _ name: String, _ want: Want, _ tell: (ObservedNamespace.State, String) -> Void
    ) async throws -> Requeue {
        if let objection = NamespacePolicy.objection(to: name) {
            context.logger.warning(
                "a namespace is not allowed",
                metadata: [
                    LogKey.audit: "scope-violation", LogKey.namespace: "\(name)",
                    LogKey.hubID: "\(want.hub.clusterID)", LogKey.reason: "\(objection)",
                ])
            tell(.conflict, objection)
            return .none
        }
        let object = KubernetesObject(.namespaces, name: name, ["metadata": marks(want)])
        do {
            _ = try await context.cluster.create(.namespaces, object)
            tell(.creating, "")
            context.logger.info(
                "a namespace was made",
                metadata: [LogKey.namespace: "\(name)", LogKey.hubID: "\(want.hub.clusterID)"])
            return .none
        } catch let error as APIError where error.isAlreadyExists {
            // The local copy lags; the next look sees whose it is.
            tell(.creating, "")
            return .after(.milliseconds(100))
        } catch let error as APIError where [400, 403, 422].contains(error.code) {
            tell(ObservedNamespace.State(rawValue: "Failed"), error.message)
            return .after(context.configuration.refusalRetry)
        }
    }

    private func keep(_ object: KubernetesObject, _ want: Want) async throws {
        guard object.annotation(Names.desiredRevisionAnnotation) != want.item.hash else { return }
        do {
            var marks = marks(want)
            // A policy that was taken back must not go on.
            for policy in Fence.policies where marks["annotations"]?[policy] == nil {
                marks["annotations", policy] = .null
            }
            _ = try await context.cluster.merge(.namespaces, name: object.name, ["metadata": marks])
        } catch let error as APIError where error.isNotFound {
            return
        }
    }

    private func marks(_ want: Want) -> JSON {
        var labels = NamespacePolicy.allowed(want.namespace.labels)
        labels[Names.originClusterIDLabel] = want.hub.clusterID
        labels[Names.managedByLabel] = Names.managedByValue
        var annotations = NamespacePolicy.allowed(annotations: want.namespace.annotations)
        annotations[Names.originalNamespaceAnnotation] = want.item.key.name
        annotations[Names.managedByAnnotation] = want.hub.clusterName
        annotations[Names.desiredRevisionAnnotation] = want.item.hash
        return ["labels": JSON(labels), "annotations": JSON(annotations)]
    }

    /// Takes back what was told of a namespace that is neither there nor wanted.
    private func retract(_ name: String, except told: Set<HubItem>) {
        for hub in context.hubs.all {
            for key in hub.observedNamespaces(named: name)
            where !told.contains(HubItem(hub: hub.clusterID, key: key)) {
                hub.retract(key)
            }
        }
    }
}
