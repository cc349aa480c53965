import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import OffloadingModel
import Wire

/// Keeps the offloading of one namespace: what the edges shall hold, what its status says, and its end.
struct OffloadingReconciler: Sendable {
    let context: HubContext

    /// - Parameter namespace: the key: a namespace's name.
    func reconcile(_ namespace: String) async throws -> Requeue {
        guard let offloading = context.offloading(namespace), offloading.object.name == Names.offloading else {
            context.desired.set(.namespace(namespace), [:])
            try await markScheduling(namespace, isEnabled: false)
            return .none
        }
        if offloading.object.isBeingDeleted || context.namespaces.get(name: namespace)?.isBeingDeleted == true {
            return try await terminate(offloading)
        }
        guard offloading.object.finalizers.contains(Names.offloadingFinalizer) else {
            var object = offloading.object
            object.finalizers.append(Names.offloadingFinalizer)
            _ = try await context.cluster.update(.namespaceOffloadings, object)
            return .none
        }
        let plan = context.plan(offloading)
        context.desired.set(.namespace(namespace), Self.desired(offloading, plan))
        try await markScheduling(namespace, isEnabled: offloading.podOffloading != .local)
        try await store(plan, offloading)
        return .none
    }

    static func desired(_ offloading: NamespaceOffloading, _ plan: OffloadingPlan) -> [String: DesiredContent] {
        let content = DesiredContent.namespace(
            DesiredNamespace(
                originName: offloading.namespace, remoteName: plan.remoteNamespace,
                mapping: offloading.mapping.rawValue,
                annotations: Self.edgePolicies(offloading.policy)))
        return Dictionary(uniqueKeysWithValues: plan.selected.map { ($0, content) })
    }

    /// The policies that the edge must know while its hub is away, where they are not the default.
    private static func edgePolicies(_ policy: OffloadingPolicy) -> [String: String] {
        var annotations: [String: String] = [:]
        if let time = policy.stopOnEdgeAfter {
            annotations[Names.stopOnEdgeAfterAnnotation] = "\(time.components.seconds)s"
        }
        switch policy.onDisconnect {
        case .keep:
            annotations[Names.onDisconnectAnnotation] = "keep"
        case .reschedule(let grace) where grace != OffloadingPolicy.defaultGracePeriod:
            // Up to whole seconds: the edge must not be faster than the hub.
            let (seconds, rest) = grace.components
            annotations[Names.gracePeriodAnnotation] = "\(seconds + (rest > 0 ? 1 : 0))s"
        case .reschedule: break
        }
        return annotations
    }

    /// - Returns: the object as it is now.
    @discardableResult
    private func store(_ plan: OffloadingPlan, _ offloading: NamespaceOffloading) async throws -> KubernetesObject {
        let before = offloading.object.status
        var after = plan.status(before: before, generation: offloading.object.generation, now: context.now())
        let problems = offloading.policy.problems
        Self.setPoliciesCondition(problems, in: &after, now: context.now())
        var object = offloading.object
        if before != after {
            object.status = after
            object = try await context.cluster.updateStatus(.namespaceOffloadings, object)
        }
        if let problem = plan.problem {
            await context.events.record(.warning, offloading.object, reason: problem.reason, problem.message)
        }
        // Once for each version of the object, not with every look at it.
        if !problems.isEmpty, before != after {
            for problem in problems {
                await context.events.record(.warning, offloading.object, reason: "InvalidPolicy", "\(problem)")
            }
        }
        return object
    }

    /// Says whether the annotations could be read; says nothing where they always could.
    private static func setPoliciesCondition(_ problems: [OffloadingPolicy.Problem], in status: inout JSON, now: Int) {
        let isKnown = Conditions.find("PoliciesValid", in: status["conditions"]) != nil
        guard !problems.isEmpty || isKnown else { return }
        var conditions = status["conditions"]
        Conditions.set(
            "PoliciesValid", status: problems.isEmpty ? "True" : "False",
            reason: problems.isEmpty ? "AnnotationsValid" : "InvalidAnnotation",
            message: problems.map(\.description).joined(separator: "; "), now: now, in: &conditions)
        status["conditions"] = conditions
    }

    /// The label by which webhooks and people see that the namespace's pods are treated specially.
    private func markScheduling(_ namespace: String, isEnabled: Bool) async throws {
        guard let object = context.namespaces.get(name: namespace), !object.isBeingDeleted,
            (object.label(Names.schedulingEnabledLabel) == "true") != isEnabled
        else { return }
        let value: JSON = isEnabled ? "true" : .null
        _ = try await context.cluster.merge(
            .namespaces, name: namespace, ["metadata": ["labels": [Names.schedulingEnabledLabel: value]]])
    }

    // MARK: - The end

    /// Takes everything back: first the pods on virtual nodes, then the remote namespaces. An edge that is away is not
    /// waited for: it cleans up when it is heard again, as its desired set no longer has the namespace.
    private func terminate(_ offloading: NamespaceOffloading) async throws -> Requeue {
        let namespace = offloading.namespace
        // Edges have the time that a withdrawal is given. What is left on them then goes all the same: it is not wanted there.
        let isOverdue =
            context.endings.time(of: offloading.object.uid, at: context.instant())
            > context.configuration.withdrawalDeadline
        var object = try await store(context.plan(offloading), offloading)
        for edge in context.edges.all {
            let bound = context.pods(boundTo: edge.node).filter { $0.namespace == namespace && !$0.isBeingDeleted }
            for pod in bound.sorted(by: { $0.key < $1.key }) {
                context.noteEviction(of: pod, from: edge.name, "its namespace is no longer offloaded")
                try await context.cluster.deleteIfPresent(
                    .pods, namespace: namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            }
        }
        context.desired.set(.namespace(namespace), [:])
        try await markScheduling(namespace, isEnabled: false)
        let isHeld = context.edges.all.contains { edge in
            edge.isConnected
                && edge.observed[.namespace(namespace)].map { $0.content.namespace?.state != .conflict } ?? false
        }
        guard !isHeld || isOverdue else { return .after(.milliseconds(500)) }
        context.endings.forget(offloading.object.uid)
        guard offloading.object.finalizers.contains(Names.offloadingFinalizer) else { return .none }
        // None of its pods is on an edge any more: what they use is not the hub's to read.
        try await context.access.withdraw(from: namespace)
        object.finalizers.removeAll { $0 == Names.offloadingFinalizer }
        do {
            _ = try await context.cluster.update(.namespaceOffloadings, object)
        } catch let error as APIError where error.isNotFound {
            return .none
        }
        return .none
    }
}
