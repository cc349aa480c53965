import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Scheduling
import Wire

/// Keeps one pod of the origin and what its edge shall run for it equal, in both directions.
struct PodReconciler: Sendable {
    let context: HubContext

    func reconcile(_ key: ObjectKey) async throws -> Requeue {
        let item = ItemKey.pod(key.namespace, key.name)
        guard let pod = context.pods[key], let node = pod.spec["nodeName"]?.string,
            let edge = context.edges.edge(node: node)
        else {
            context.desired.set(item, [:])
            context.references.release(key)
            context.passing.forget(key)
            context.written.forget(key)
            return .none
        }
        if pod.isBeingDeleted { return try await end(pod, item, edge) }
        if case .some(let requeue) = try await replaceIfUnreachable(pod, edge) { return requeue }
        let plan = context.plan(pod.namespace)
        guard let plan, plan.selected.contains(edge.name) else { return try await reject(pod, item, edge) }
        let references = PodReferences(pod)
        use(references, of: pod, edge, plan)
        if context.desired[edge.name, item]?.content.pod?.originUID != pod.uid {
            // Sent after what it uses. Whatever becomes known of that brings the pod back here.
            guard context.references.isKnown(key) else { return .none }
            await notePlacement(pod, edge)
        }
        context.desired.set(item, [edge.name: content(pod, plan)])
        await report(references, of: pod, edge, plan)
        let (extended, again) = await extendTolerations(of: pod)
        return try await reflect(extended, item, edge).orSooner(again)
    }

    // MARK: - What the pod uses

    /// Has what the pod uses on its edge, for as long as it may run there.
    private func use(_ references: PodReferences, of pod: KubernetesObject, _ edge: Edge, _ plan: OffloadingPlan) {
        guard !pod.isFinishedPod else { return context.references.release(pod.key) }
        context.references.use(pod.key, references, on: edge.name, in: plan.remoteNamespace)
    }

    /// Tells the pod's user what its edge does not have of that, whenever it is something else than before.
    private func report(
        _ references: PodReferences, of pod: KubernetesObject, _ edge: Edge, _ plan: OffloadingPlan
    ) async {
        guard !pod.isFinishedPod else { return }
        let report = ReflectionReport(
            namespace: pod.namespace, edge: edge.name, remoteNamespace: plan.remoteNamespace,
            finding: { context.references.finding($0) }, observed: { edge.observed[$0]?.content.object })
        let message = report.message(references)
        guard context.references.isNews(message, of: pod), let message else { return }
        await context.events.record(.warning, pod, reason: "NotReflected", message)
    }

    /// Says that the edge has the pod from now on, and whose place it takes where that was on an edge which is away.
    private func notePlacement(_ pod: KubernetesObject, _ edge: Edge) async {
        context.notePlacement(of: pod, on: edge.name)
        guard let taken = context.replacements.place(of: pod) else { return }
        context.noteMove(of: pod, from: taken.edge, to: edge.name, taken.reason, replacing: taken.pod)
        await context.events.record(
            .normal, pod, reason: "Replaces",
            "takes the place of \(taken.pod.name) on edge \(taken.edge): \(taken.reason)")
    }

    /// Has the pod outlive the absence of its edge, where its admission has not: a pod that might have got a machine, or whose
    /// namespace keeps pods since.
    ///
    /// - Returns: the pod as it is then; as it was where it could not be changed, which holds up nothing else.
    private func extendTolerations(of pod: KubernetesObject) async -> (KubernetesObject, Requeue) {
        var extended = pod
        guard context.configuration.extendsTolerations, !pod.isFinishedPod,
            let policy = context.offloading(pod.namespace)?.disconnectPolicy,
            AbsenceTolerations.extend(&extended, policy)
        else { return (pod, .none) }
        let annotation = extended.annotation(Names.absenceAnnotation).map(JSON.string) ?? .null
        do {
            // Only this version of this pod: the list is written as a whole, and somebody else may add to it.
            let changed = try await context.cluster.merge(
                .pods, namespace: pod.namespace, name: pod.name,
                [
                    "metadata": [
                        "uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion),
                        "annotations": [Names.absenceAnnotation: annotation],
                    ],
                    "spec": ["tolerations": extended.spec["tolerations"] ?? .null],
                ])
            return (changed, .none)
        } catch {
            context.logger.debug(
                "a pod's tolerations were not extended", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
            return (pod, .after(.seconds(5)))
        }
    }

    /// What the edge shall have for every pod: called once before any edge is told anything.
    func prepare() {
        for pod in context.pods.objects {
            guard let node = pod.spec["nodeName"]?.string, let edge = context.edges.edge(node: node) else { continue }
            guard let plan = context.plan(pod.namespace), plan.selected.contains(edge.name) else { continue }
            use(PodReferences(pod), of: pod, edge, plan)
            context.desired.set(.pod(pod.namespace, pod.name), [edge.name: content(pod, plan)])
        }
    }

    private func content(_ pod: KubernetesObject, _ plan: OffloadingPlan) -> DesiredContent {
        let remote = RemotePod.make(
            from: pod, namespace: plan.remoteNamespace, originClusterID: context.configuration.clusterID)
        return .pod(
            DesiredPod(
                originUID: pod.uid, remoteNamespace: plan.remoteNamespace, object: remote.json,
                deletionGracePeriodSeconds: pod.isBeingDeleted ? pod.deletionGracePeriodSeconds ?? 30 : nil,
                isFinished: pod.isFinishedPod))
    }

    /// What the edge has seen of this very pod: not of an earlier one of the same name.
    private func observation(_ pod: KubernetesObject, _ item: ItemKey, _ edge: Edge) -> ObservedPod? {
        guard let seen = edge.observed[item]?.content.pod, seen.originUID == pod.uid else { return nil }
        return seen
    }

    // MARK: - Statuses

    private func reflect(_ pod: KubernetesObject, _ item: ItemKey, _ edge: Edge) async throws -> Requeue {
        guard edge.isConnected, let seen = observation(pod, item, edge) else { return .none }
        if let refusal = seen.refused {
            await context.events.record(
                .warning, pod, reason: "FailedReflection", "edge \(edge.name) refused the pod: \(refusal.message)")
        } else if !seen.isGone, let wait = try await reflect(pod, seen, edge) {
            return try await moveElsewhere(pod, seen, edge).orSooner(.after(wait))
        }
        return try await moveElsewhere(pod, seen, edge)
    }

    /// - Returns: how long the status waits for another one to come; `nil` where it does not.
    private func reflect(_ pod: KubernetesObject, _ seen: ObservedPod, _ edge: Edge) async throws -> Duration? {
        guard let status = PodStatusReflection.status(of: pod, remote: seen.status),
            !context.written.contains(status, of: pod)
        else {
            context.passing.forget(pod.key)
            return nil
        }
        if PodStatusReflection.isPassing(before: pod.status, after: status),
            let wait = context.passing.wait(for: pod, now: context.instant())
        {
            return wait
        }
        try await store(status, pod)
        context.passing.forget(pod.key)
        for complaint in PodStatusReflection.complaints(before: pod.status, after: status) {
            await context.events.record(
                .warning, pod, reason: complaint.reason, "edge \(edge.name): \(complaint.message)",
                fieldPath: "spec.containers{\(complaint.container)}")
        }
        return nil
    }

    private func store(_ status: JSON, _ pod: KubernetesObject) async throws {
        guard !context.written.contains(status, of: pod) else { return }
        var object = pod
        object.status = status
        do {
            context.written.note(status, answer: try await context.cluster.updateStatus(.pods, object))
        } catch let error as APIError where error.isNotFound {
            return
        }
    }

    // MARK: - Pods that cannot stay

    /// A pod on an edge to which its namespace is not, or no longer, offloaded.
    private func reject(_ pod: KubernetesObject, _ item: ItemKey, _ edge: Edge) async throws -> Requeue {
        context.desired.set(item, [:])
        context.references.release(pod.key)
        guard edge.isWanted, !pod.isFinishedPod else { return .none }
        let wasStarted = pod.status["startTime"]?.string != nil
        var status = wasStarted ? PodStatusReflection.ended(pod, now: context.now()) : pod.status
        status["phase"] = wasStarted ? "Failed" : "Pending"
        status["reason"] = wasStarted ? "OffloadingAborted" : "OffloadingBackOff"
        status["message"] = .string("namespace \(pod.namespace) is not offloaded to \(edge.name)")
        guard status != pod.status else { return .none }
        if wasStarted { context.noteEviction(of: pod, from: edge.name, "its namespace is not offloaded to the edge") }
        try await store(status, pod)
        return .none
    }

    /// Replaces the pod when its edge has been away for as long as its namespace allows.
    ///
    /// - Returns: `nil` where the edge can be reached, or nothing is to be done about it.
    private func replaceIfUnreachable(_ pod: KubernetesObject, _ edge: Edge) async throws -> Requeue? {
        guard edge.state == .disconnected || edge.state == .lost, let since = edge.disconnectedSince else { return nil }
        if let status = PodStatusReflection.unreachable(pod, now: context.now()) { try await store(status, pod) }
        guard !pod.isFinishedPod else { return Requeue.none }
        let policy =
            context.offloading(pod.namespace)?.disconnectPolicy
            ?? .reschedule(after: OffloadingPolicy.defaultGracePeriod)
        let away = context.instant() - since
        switch EdgeLoss.verdict(policy, away: away, isStorm: context.isStorm) {
        case .keep: return Requeue.none
        case .wait(let left): return .after(left)
        case .held:
            // Looked at again as soon as the guard is down.
            return .after(.seconds(30))
        case .replace:
            let reason = "the edge has not answered for \(away.components.seconds) s or more"
            // Before the pod is gone: whoever replaces it may be faster than this.
            if !pod.isBeingDeleted { context.replacements.took(pod, from: edge.name, reason) }
            await context.events.record(
                .warning, pod, reason: "EdgeUnreachable",
                "edge \(edge.name) has not answered for \(away.components.seconds) s or more; the pod is replaced elsewhere"
            )
            context.noteEviction(of: pod, from: edge.name, reason)
            try await forceDelete(pod)
            return Requeue.none
        }
    }

    /// The pod is to go: its edge ends it, then it is gone here; an edge that is away is not waited for longer than its
    /// namespace allows.
    private func end(_ pod: KubernetesObject, _ item: ItemKey, _ edge: Edge) async throws -> Requeue {
        if let shall = context.desired[edge.name, item], shall.content.pod?.originUID == pod.uid {
            // The grace may have been shortened meanwhile.
            if let plan = context.plan(pod.namespace) ?? endingPlan(pod) {
                context.desired.set(item, [edge.name: content(pod, plan)])
            } else if shall.content.pod?.deletionGracePeriodSeconds == nil {
                // Its namespace was taken back meanwhile, and with it goes the pod there: nobody would ever say that it has.
                context.desired.set(item, [:])
                context.references.release(pod.key)
            }
        } else if edge.isConnected, edge.isObservedComplete, observation(pod, item, edge) == nil {
            // The edge never heard of it.
            try await forceDelete(pod)
            return .none
        }
        if let seen = observation(pod, item, edge), edge.isConnected {
            if seen.isGone || seen.edgeUID.isEmpty {
                try await forceDelete(pod)
                return .none
            }
            if let status = PodStatusReflection.status(of: pod, remote: seen.status) { try await store(status, pod) }
        }
        guard !edge.isConnected else { return .after(.seconds(5)) }
        // Nothing of a finished pod can run on, wherever its edge is.
        if !edge.isWanted || pod.isFinishedPod {
            try await forceDelete(pod)
            return .none
        }
        return try await replaceIfUnreachable(pod, edge) ?? .after(.seconds(1))
    }

    /// The plan of a namespace that is on its way out: its pods still end where they are.
    private func endingPlan(_ pod: KubernetesObject) -> OffloadingPlan? {
        context.offloading(pod.namespace).map(context.plan)
    }

    func forceDelete(_ pod: KubernetesObject) async throws {
        try await context.cluster.deleteEnded(pod)
    }
}
