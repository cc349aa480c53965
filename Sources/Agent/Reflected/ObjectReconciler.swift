import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Keeps one object that a hub wants here beside its pods as it is wanted, and tells the hub what becomes of it.
///
/// | wanted | on this edge | what happens |
/// |---|---|---|
/// | nothing | the hub's | deleted, once all wants are known |
/// | what there is, as the hub cannot say now | anything | nothing |
/// | an object | nothing | made: Ready |
/// | an object | the hub's, as wanted | Ready |
/// | an object | the hub's, changed | put right; made anew where that is the only way |
/// | an object | somebody's own | Conflict: not touched |
///
/// Never logs or tells what an object holds.
struct ObjectReconciler: Sendable {
    let context: AgentContext

    func reconcile(_ item: HubItem) async throws -> Requeue {
        guard let kind = ReflectedKind(rawValue: item.key.kind), let hub = context.hubs[item.hub], !hub.isEnding else {
            return .none
        }
        let existing = context.reflected.objects(of: hub.clusterID, kind, item.key)
        guard let desired = hub.desired(item.key) else {
            hub.retract(item.key)
            try await delete(existing, kind, hub)
            return .none
        }
        guard let wanted = desired.content.object else {
            tell(hub, item.key, ObservedObject.notSupported, "this agent cannot read it; upgrade the agent")
            return .none
        }
        let stale = existing.filter { $0.namespace != wanted.remoteNamespace }
        try await delete(stale, kind, hub)
        guard let fields = wanted.fields else { return .none }
        guard let namespace = context.namespaces.get(name: wanted.remoteNamespace) else { return .none }
        guard let origin = OriginOf.namespace(namespace), origin.hub == hub.clusterID,
            origin.key == .namespace(item.key.namespace)
        else {
            // One that it wants and cannot have is a conflict of names, which the namespace's own state tells.
            let isConflict =
                hub.desired(.namespace(item.key.namespace))?.content.namespace?.remoteName == namespace.name
            if !isConflict { noteViolation(item, namespace.name) }
            tell(
                hub, item.key, "NamespaceConflict",
                "the namespace \(namespace.name) is not this hub's \(item.key.namespace)")
            return .none
        }
        if let objection = kind.objection(to: fields, name: item.key.name) {
            tell(hub, item.key, PodPolicy.reason, "the edge does not take it: \(objection)")
            return .none
        }
        guard !namespace.isBeingDeleted else { return .none }
        guard context.reflected.isSynced(namespace.name) else { return .after(.milliseconds(50)) }
        let made = LocalObject.make(
            kind, desired, namespace: namespace.name, fields: fields, hub: hub.clusterID)
        do {
            return try await keep(kind, made, existing.first { $0.namespace == namespace.name }, hub, item.key)
        } catch let error as APIError where error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return .after(.seconds(1))
        } catch let error as APIError where [400, 403, 413, 422].contains(error.code) {
            if error.code == 403 { try? await context.reflected.access.grant(in: namespace.name) }
            tell(hub, item.key, error.reason.rawValue, Self.words(error, kind))
            return .after(context.configuration.refusalRetry)
        }
    }

    private func noteViolation(_ item: HubItem, _ namespace: String) {
        context.logger.warning(
            "an object is not allowed into a namespace",
            metadata: [
                LogKey.audit: "scope-violation", LogKey.key: "\(item.key)", LogKey.hubID: "\(item.hub)",
                LogKey.namespace: "\(namespace)",
            ])
    }

    private func keep(
        _ kind: ReflectedKind, _ made: KubernetesObject, _ existing: KubernetesObject?, _ hub: HubPeering,
        _ key: ItemKey
    ) async throws -> Requeue {
        guard let existing else { return try await create(kind, made, hub, key) }
        guard !existing.isBeingDeleted else { return .after(.milliseconds(100)) }
        guard !kind.isSame(existing.json, as: made.json) else {
            tell(hub, key, ObservedObject.ready)
            return .none
        }
        if LocalObject.mustBeReplaced(kind, existing, by: made) {
            // Its end comes as a change, and then it is made anew.
            try await delete([existing], kind, hub)
            return .after(.milliseconds(100))
        }
        do {
            _ = try await context.cluster.update(kind.type, LocalObject.updated(kind, existing, to: made))
        } catch let error as APIError where error.isConflict || error.isNotFound {
            return .after(.milliseconds(100))
        }
        tell(hub, key, ObservedObject.ready)
        return .none
    }

    private func create(
        _ kind: ReflectedKind, _ made: KubernetesObject, _ hub: HubPeering, _ key: ItemKey
    ) async throws -> Requeue {
        do {
            _ = try await context.cluster.create(kind.type, made)
        } catch let error as APIError where error.isAlreadyExists {
            let found = try await context.cluster.find(kind.type, namespace: made.namespace, name: made.name)
            // The local copy lags, or it has gone a moment ago.
            guard let found,
                OriginOf.object(kind, found)?.key != key || OriginOf.object(kind, found)?.hub != hub.clusterID
            else { return .after(.milliseconds(100)) }
            tell(
                hub, key, ObservedObject.conflict,
                "namespace \(made.namespace) has one of that name which is not the hub's, and was not touched; "
                    + "remove or rename it there")
            return .after(context.configuration.refusalRetry)
        }
        tell(hub, key, ObservedObject.ready)
        context.logger.info(
            "an object was made for a hub's pods",
            metadata: [
                LogKey.key: "\(key)", LogKey.hubID: "\(hub.clusterID)", LogKey.namespace: "\(made.namespace)",
            ])
        return .none
    }

    /// Deletes what nobody wants, once that is known for certain.
    private func delete(_ objects: [KubernetesObject], _ kind: ReflectedKind, _ hub: HubPeering) async throws {
        guard hub.isComplete else { return }
        for object in objects where !object.isBeingDeleted {
            do {
                try await context.cluster.deleteIfPresent(
                    kind.type, namespace: object.namespace, name: object.name, DeleteOptions(uid: object.uid))
            } catch let error as APIError where error.isConflict {
                // Another one has the name by now, which is looked at when it is seen.
                continue
            }
        }
    }

    private func tell(_ hub: HubPeering, _ key: ItemKey, _ reason: String, _ message: String = "") {
        hub.report(
            key,
            .object(ObservedObject(reason: String(reason.prefix(100)), message: String(message.prefix(1000)))))
    }

    /// What the API has said; of a Secret only which fields were wrong, as the words might hold what it holds.
    private static func words(_ error: APIError, _ kind: ReflectedKind) -> String {
        guard kind == .secret, error.code != 403 else { return error.message }
        let fields = error.causes.map(\.field).joined(separator: ", ")
        return "the edge's API refuses it\(fields.isEmpty ? "" : " for \(fields)")"
    }
}
