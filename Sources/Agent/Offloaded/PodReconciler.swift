import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Keeps one pod that a hub wants here as it is wanted, and tells the hub what becomes of it.
///
/// | wanted | on this edge | what happens |
/// |---|---|---|
/// | nothing | a pod | deleted, once all wants are known |
/// | a pod | nothing | made, unless it has finished before or policy objects |
/// | a pod | that pod | kept, brought up to date |
/// | a pod | that pod, deleted by somebody here | told as pending, and made anew once it is gone |
/// | a pod | one of another origin uid | the old one goes first |
/// | a pod that has finished at its origin | that pod, not finished, as after an old backup | deleted |
/// | a pod that is to end | that pod | deleted with the wanted grace |
/// | a pod that is to end | nothing | told as gone |
/// | anything, its hub not heard for too long | a pod that has not ended | deleted, and told as pending; see ``Fence`` |
struct PodReconciler: Sendable {
    let context: AgentContext

    func reconcile(_ item: HubItem) async throws -> Requeue {
        guard let hub = context.hubs[item.hub], !hub.isEnding else { return .none }
        guard context.isSynced else { return .after(.milliseconds(100)) }
        let existing = context.pods(of: hub.clusterID, item.key)
        if let closed = existing.first(where: { hub.isClosed($0.namespace) }) {
            return try await stop(hub, item.key, closed)
        }
        guard let desired = hub.desired(item.key), let wanted = desired.content.pod else {
            return try await leave(hub, item.key, existing)
        }
        let current = existing.first {
            LocalPod.originUID($0) == wanted.originUID && $0.namespace == wanted.remoteNamespace
        }
        let stale = existing.filter { $0.uid != current?.uid }
        if !stale.isEmpty {
            hub.report(item.key, .pod(LocalPod.observation(current ?? stale[0])))
            try await delete(stale, hub)
            return .none
        }
        if let grace = wanted.deletionGracePeriodSeconds {
            return try await end(hub, item.key, wanted, current, grace)
        }
        if let current, wanted.isFinished, !KubernetesObject.isFinishedPod(status: current.status) {
            hub.report(item.key, .pod(LocalPod.observation(current)))
            try await delete([current], hub)
            return .none
        }
        if let current {
            let wasDeletedHere = LocalPod.wasEndedByDeletion(current, told: hub.observed(item.key)?.pod)
            let telling =
                wasDeletedHere
                ? tell(LocalPod.deletedHere(current), hub, item.key) : report(current, hub, item.key)
            return try await keep(current, desired, wanted, hub).orSooner(telling)
        }
        // Whether it still is this edge's to run will be known when its hub is heard.
        guard !hub.isClosed(wanted.remoteNamespace) else { return .none }
        return try await start(hub, desired, wanted)
    }

    // MARK: - Ending

    /// Nobody wants the pod any more.
    private func leave(_ hub: HubPeering, _ key: ItemKey, _ existing: [KubernetesObject]) async throws -> Requeue {
        guard let last = existing.last else {
            context.shares.release(key, hub: hub.clusterID)
            hub.retract(key)
            return .none
        }
        hub.report(key, .pod(LocalPod.observation(last)))
        try await delete(existing, hub)
        return .none
    }

    /// Deletes pods that nobody wants, once that is known for certain. What becomes of them comes as changes.
    private func delete(_ pods: [KubernetesObject], _ hub: HubPeering, grace: Int? = nil) async throws {
        guard hub.isComplete else { return }
        for pod in pods {
            let isShorter = grace.map { $0 < pod.deletionGracePeriodSeconds ?? .max } ?? false
            guard !pod.isBeingDeleted || isShorter else { continue }
            try await context.cluster.deleteIfPresent(
                .pods, namespace: pod.namespace, name: pod.name,
                DeleteOptions(gracePeriodSeconds: grace, uid: pod.uid))
            context.logger.info(
                "a pod is ended", metadata: [LogKey.pod: "\(pod.key)", LogKey.hubID: "\(hub.clusterID)"])
        }
    }

    /// Its hub has not been heard for so long that the pod must not run: it may run elsewhere by now.
    private func stop(_ hub: HubPeering, _ key: ItemKey, _ pod: KubernetesObject) async throws -> Requeue {
        guard
            LocalPod.wasEndedByDeletion(pod, told: hub.observed(key)?.pod)
                || !KubernetesObject.isFinishedPod(status: pod.status)
        else {
            hub.report(key, .pod(LocalPod.observation(pod)))
            return .none
        }
        hub.report(key, .pod(LocalPod.stopped(pod, hub: hub.clusterName)))
        guard !pod.isBeingDeleted else { return .none }
        await context.events.record(
            .warning, pod, reason: "StoppedWithoutHub",
            "hub \(hub.clusterName) is not heard: the pod stops, as its namespace's \(Names.stopOnEdgeAfterAnnotation) asks"
        )
        try await context.cluster.deleteIfPresent(
            .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
        context.logger.info(
            "a pod is stopped because its hub is not heard",
            metadata: [LogKey.pod: "\(pod.key)", LogKey.hubID: "\(hub.clusterID)"])
        return .none
    }

    private func end(
        _ hub: HubPeering, _ key: ItemKey, _ wanted: DesiredPod, _ current: KubernetesObject?, _ grace: Int
    ) async throws -> Requeue {
        guard let current else {
            context.shares.release(key, hub: hub.clusterID)
            hub.report(key, .pod(ObservedPod(originUID: wanted.originUID, edgeUID: "", isGone: true)))
            return .none
        }
        hub.report(key, .pod(LocalPod.observation(current)))
        try await delete([current], hub, grace: grace)
        return .none
    }

    // MARK: - Running

    /// How long a pod that was just made may be kept from its hub while it has no news.
    private static let quiet = 1

    /// Tells the hub of a pod, unless it was just made and there will be more to tell in a moment: a pod that starts at once is
    /// told of once.
    private func report(_ pod: KubernetesObject, _ hub: HubPeering, _ key: ItemKey) -> Requeue {
        let seen = LocalPod.observation(pod)
        if LocalPod.hasNoNews(pod), hub.observed(key)?.pod?.originUID != seen.originUID,
            let made = Timestamp.seconds(pod.creationTimestamp), (0...Self.quiet).contains(context.now() - made)
        {
            return .after(.seconds(Self.quiet))
        }
        return tell(seen, hub, key)
    }

    private func tell(_ seen: ObservedPod, _ hub: HubPeering, _ key: ItemKey) -> Requeue {
        hub.report(key, .pod(seen))
        return .none
    }

    private func keep(
        _ pod: KubernetesObject, _ desired: DesiredItem, _ wanted: DesiredPod, _ hub: HubPeering
    ) async throws -> Requeue {
        guard !LocalPod.isCurrent(pod, desired), !pod.isBeingDeleted else { return .none }
        guard context.foreignClusters.isSynced else { return .after(.milliseconds(100)) }
        let updated = LocalPod.updated(pod, desired, wanted, hub: hub.clusterID)
        // Of a pod that was let through nothing but its images changes.
        if let objection = context.policy(of: hub).objection(toImagesOf: updated, insteadOf: pod) {
            noteViolation(desired.key, hub, objection)
            return .none
        }
        do {
            _ = try await context.cluster.update(.pods, updated)
        } catch let error as APIError where error.isNotFound {
            return .none
        } catch let error as APIError where Self.isRefusal(error) {
            context.logger.warning(
                "a pod cannot be changed as its hub wants",
                metadata: [LogKey.pod: "\(pod.key)", LogKey.error: "\(error.message)"])
        }
        return .none
    }

    private func start(_ hub: HubPeering, _ desired: DesiredItem, _ wanted: DesiredPod) async throws -> Requeue {
        let key = desired.key
        if wanted.isFinished {
            hub.report(key, .pod(ObservedPod(originUID: wanted.originUID, edgeUID: "", isGone: true)))
            return .none
        }
        // It ran to its end here, and the hub may not have heard yet: it does not run twice.
        if let seen = hub.observed(key)?.pod, seen.originUID == wanted.originUID,
            KubernetesObject.isFinishedPod(status: seen.status)
        {
            return .none
        }
        func refuse(_ reason: String, _ message: String, retry: Bool = true) -> Requeue {
            hub.report(
                key,
                .pod(
                    ObservedPod(
                        originUID: wanted.originUID, edgeUID: "",
                        refused: ObservedPod.Refusal(
                            reason: String(reason.prefix(100)), message: String(message.prefix(1000))))))
            return retry ? .after(context.configuration.refusalRetry) : .none
        }
        guard context.foreignClusters.isSynced else { return .after(.milliseconds(100)) }
        if let objection = context.policy(of: hub).objection(to: KubernetesObject(wanted.object)) {
            noteViolation(key, hub, objection)
            return refuse(PodPolicy.reason, objection, retry: false)
        }
        guard let namespace = context.namespaces.get(name: wanted.remoteNamespace) else { return .none }
        guard let origin = OriginOf.namespace(namespace), origin.hub == hub.clusterID,
            origin.key == .namespace(key.namespace)
        else {
            context.logger.warning(
                "a pod is not allowed into a namespace",
                metadata: [
                    LogKey.audit: "scope-violation", LogKey.key: "\(key)", LogKey.hubID: "\(hub.clusterID)",
                    LogKey.namespace: "\(namespace.name)",
                ])
            return refuse(
                "NamespaceConflict", "the namespace \(namespace.name) is not this hub's \(key.namespace)", retry: false)
        }
        guard !namespace.isBeingDeleted else { return .none }
        switch readiness(of: wanted, in: key.namespace, hub) {
        case .ready: break
        case .waiting: return .after(.milliseconds(100))
        case .refused(let why): return refuse("ServiceAccountConflict", why)
        }
        guard context.areSharesKnown else { return .after(.milliseconds(100)) }
        let made = LocalPod.make(desired, wanted, hub: hub.clusterID)
        let amounts = ShareLedger.amounts(of: made)
        let limits = context.limits(of: hub, asked: amounts)
        if let excess = context.shares.grant(key, amounts, hub: hub.clusterID, limits: limits) {
            return refuse("ShareExceeded", excess.message(hub: hub.clusterName))
        }
        // Without an answer it may have been made: it counts on, until the cluster shows it or the next attempt says more.
        var mayExist = true
        defer { if !mayExist { context.shares.release(key, hub: hub.clusterID) } }
        do {
            let pod: KubernetesObject
            do {
                pod = try await context.cluster.create(.pods, made)
            } catch let error as APIError {
                mayExist = error.isAlreadyExists || error.code >= 500
                throw error
            }
            return report(pod, hub, key)
        } catch let error as APIError where error.isAlreadyExists {
            return try await taken(hub, desired, wanted) { message in
                mayExist = false
                return refuse("AlreadyExists", message)
            }
        } catch let error as APIError where error.causes.contains(where: { $0.reason == "NamespaceTerminating" }) {
            return .after(.seconds(1))
        } catch let error as APIError
            where error.code == 403 && Self.awaitsServiceAccount(error)
            && (isNew(namespace) || !Self.account(wanted).isEmpty)
        {
            return .after(.milliseconds(100))
        } catch let error as APIError where Self.isRefusal(error) {
            return refuse(error.reason.rawValue, error.message)
        }
    }

    private func noteViolation(_ key: ItemKey, _ hub: HubPeering, _ objection: String) {
        context.logger.warning(
            "a pod is not allowed",
            metadata: [
                LogKey.audit: "scope-violation", LogKey.key: "\(key)", LogKey.hubID: "\(hub.clusterID)",
                LogKey.reason: "\(objection)",
            ])
    }

    /// The name is in use: by this very pod, where the local copy lags, or by somebody's own.
    private func taken(
        _ hub: HubPeering, _ desired: DesiredItem, _ wanted: DesiredPod, refuse: (String) -> Requeue
    ) async throws -> Requeue {
        let found = try await context.cluster.find(
            .pods, namespace: wanted.remoteNamespace, name: desired.key.name)
        guard let found, OriginOf.pod(found)?.hub != hub.clusterID else { return .after(.milliseconds(100)) }
        return refuse("the namespace \(wanted.remoteNamespace) has a pod of that name which is not the hub's")
    }

    /// Whether a pod may be made as far as what it uses is concerned.
    private enum Readiness {
        case ready
        /// Something that it uses, and that the hub wants here, was not looked at yet.
        case waiting
        case refused(String)
    }

    /// What a pod uses is made before it. Where that cannot be the pod is made all the same, and a kubelet tells what it
    /// lacks; but it never runs in the name of an account that is not its hub's.
    private func readiness(of wanted: DesiredPod, in namespace: String, _ hub: HubPeering) -> Readiness {
        let references = PodReferences(KubernetesObject(wanted.object))
        for object in references.all {
            let key = ItemKey(kind: object.kind.rawValue, namespace: namespace, name: object.name)
            let seen = hub.observed(key)?.object
            if seen == nil, hub.desired(key)?.content.object?.fields != nil { return .waiting }
            if object.kind == .serviceAccount, seen?.isReady != true {
                let why = seen.map { $0.message } ?? "its hub does not send it"
                return .refused("ServiceAccount \"\(object.name)\" is not the hub's here: \(why)")
            }
        }
        return .ready
    }

    private static func account(_ wanted: DesiredPod) -> String {
        wanted.object["spec", "serviceAccountName"]?.string ?? ""
    }

    /// Whether the cluster's controllers may still be busy with what every namespace gets.
    private func isNew(_ namespace: KubernetesObject) -> Bool {
        guard let made = Timestamp.seconds(namespace.creationTimestamp) else { return false }
        return context.now() - made < 30
    }

    /// A namespace takes no pods until the cluster's controllers have given it its service account.
    private static func awaitsServiceAccount(_ error: APIError) -> Bool {
        error.message.contains("error looking up service account")
    }

    /// Whether the API says that this object cannot be, rather than not now.
    private static func isRefusal(_ error: APIError) -> Bool { [400, 403, 413, 422].contains(error.code) }
}
