import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Scheduling
import Synchronization
import Wire

/// Moves pods to edges that joined or returned, in namespaces that ask for it (`causeway.io/rebalance`).
///
/// One pod of a namespace at a time, and only once all its edges have been well for as long as it asks for. A plan of the
/// fewest moves is tried as a whole on a copy (`RebalanceQuestion`); its first move is begun, and planned anew after it.
///
/// A move takes the label `pod-template-hash` off the pod. Its ReplicaSet lets it go and makes another one, which the
/// scheduler puts on the edge that was planned; the old one runs on, serves, and counts in spread constraints and budgets.
/// When as many of the ReplicaSet's own pods are ready as it wants, the old one is evicted, as its PodDisruptionBudget allows.
/// Where that does not come about the label is put back. So there are never fewer ready pods than wanted, and what is under
/// way stands in the cluster: a hub that starts anew goes on with it. Pods of other owners are left alone.
struct Rebalancer: Sendable {
    let context: HubContext
    let advice: any PlacementAdvice
    private let memory = Memory()

    /// How soon an eviction that was forbidden is tried again.
    private static let evictionRetry: Duration = .seconds(5)
    /// How long new pods are kept off edges after a move was seen last: a ReplicaSet may take that long to end the one pod too
    /// many that a move taken back leaves, and the hub to see a move that has begun.
    private static let settlingTime: Duration = .seconds(5)
    /// How often everything is looked at.
    private static let interval: Duration = .seconds(1)
    /// What is known without an end is looked at again after this long: nothing is missed for good.
    private static let longestRest: Duration = .seconds(60)

    private final class Memory: Sendable {
        let state = Mutex(State())
    }

    private struct State {
        var steadiness = EdgeSteadiness()
        /// Per namespace, what was looked at when nothing was to be moved.
        var balanced: [String: (picture: Int, until: ContinuousClock.Instant)] = [:]
        /// Workloads of which a move had to be taken back, by uid.
        var resting: [String: ContinuousClock.Instant] = [:]
        /// Pods whose eviction a budget forbade, by uid, until they are tried again.
        var blocked: [String: ContinuousClock.Instant] = [:]
        /// Workloads of which a pod is being moved or was just now, by uid, until their new pods may go anywhere again.
        var settling: [String: ContinuousClock.Instant] = [:]
        /// Per namespace, the pods of the plan that was told last.
        var told: [String: Set<ObjectKey>] = [:]
    }

    init(context: HubContext, advice: any PlacementAdvice) {
        self.context = context
        self.advice = advice
    }

    func run() async {
        while !Task.isCancelled {
            await look()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Goes on with what is under way, and begins what is due.
    func look(at now: ContinuousClock.Instant = .now) async {
        let settled = memory.state.withLock { state in
            state.steadiness.note(context.edges.settled, at: now)
            state.blocked = state.blocked.filter { $0.value > now }
            let settled = state.settling.filter { $0.value <= now }.map(\.key)
            for workload in settled { state.settling[workload] = nil }
            return settled
        }
        for workload in settled { context.moves.forget(workload) }
        let moving = context.pods.objects(index: HubContext.byMove, HubContext.byMove)
        for pod in moving.sorted(by: { $0.key < $1.key }) {
            await attempt("going on with a move", pod.namespace) { try await resume(pod, at: now) }
        }
        let busy = Set(moving.map(\.namespace))
        for offloading in context.offloadings.objects.map(NamespaceOffloading.init) {
            guard let policy = offloading.policy.rebalance, !busy.contains(offloading.namespace) else { continue }
            await attempt("rebalancing", offloading.namespace) { try await consider(offloading, policy, at: now) }
        }
    }

    private func attempt(_ what: String, _ namespace: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
            return
        } catch {
            // Looked at again in a moment, by what is then.
            context.logger.debug(
                "rebalancing failed", metadata: ["what": "\(what)", "namespace": "\(namespace)", "error": "\(error)"])
        }
    }

    // MARK: - What is due

    /// What speaks against moving pods of a namespace now; `nil` for nothing.
    private func obstacle(_ namespace: String, at now: ContinuousClock.Instant, steadyFor: Duration) -> String? {
        guard !context.isStorm else { return "most edges fell silent together" }
        guard let plan = context.plan(namespace) else { return "the namespace is not offloaded" }
        let restless = memory.state.withLock { $0.steadiness.restless(plan.selected, for: steadyFor, at: now) }
        return restless.map { "edge \($0) is not well" }
    }

    private func consider(
        _ offloading: NamespaceOffloading, _ policy: RebalancePolicy, at now: ContinuousClock.Instant
    ) async throws {
        let namespace = offloading.namespace
        guard obstacle(namespace, at: now, steadyFor: policy.steadyFor) == nil else { return }
        let pods = context.pods.objects.filter { $0.namespace == namespace }
        let picture = picture(pods, offloading)
        let isKnown = memory.state.withLock { state in
            state.balanced[namespace].map { $0.picture == picture && $0.until > now } ?? false
        }
        guard !isKnown else { return }
        let workloads = try await workloads(namespace, pods, policy, at: now)
        let nodes = try await context.cluster.list(.nodes).items
        var moves: [RebalanceMove] = []
        if !workloads.isEmpty {
            moves = RebalanceQuestion(
                nodes: nodes.map { SchedulingNode($0, state: advice.state(ofNode: $0)) }, pods: context.pods.objects,
                workloads: workloads, fill: offloading.policy.fill.map { WaterFill(weights: $0.nodeWeights) }
            ).answer()
        }
        guard let first = moves.first, let pod = context.pods[first.pod] else {
            memory.state.withLock { state in
                state.balanced[namespace] = (picture, now + Self.longestRest)
                state.told[namespace] = nil
            }
            return
        }
        await tell(moves, offloading)
        try await begin(first, pod, nodes.map(\.name), at: now)
    }

    /// All that a plan goes by, for telling whether anything has changed.
    private func picture(_ pods: [KubernetesObject], _ offloading: NamespaceOffloading) -> Int {
        var hasher = Hasher()
        hasher.combine(offloading.policy)
        for edge in context.edges.all {
            hasher.combine(edge.name)
            hasher.combine(edge.state)
            hasher.combine(edge.advertisement?.allocatable)
        }
        for pod in pods.sorted(by: { $0.key < $1.key }) {
            hasher.combine(pod.uid)
            hasher.combine(pod.spec["nodeName"]?.string)
            hasher.combine(pod.isBeingDeleted)
            hasher.combine(Self.isReady(pod))
        }
        return hasher.finalize()
    }

    private static func isReady(_ pod: KubernetesObject) -> Bool {
        Conditions.isTrue("Ready", in: pod.status["conditions"]) && !pod.isBeingDeleted
    }

    /// The workloads that are at rest: as many pods as wanted, all ready, no roll-out under way.
    private func workloads(
        _ namespace: String, _ pods: [KubernetesObject], _ policy: RebalancePolicy, at now: ContinuousClock.Instant
    ) async throws -> [RebalanceQuestion.Workload] {
        let replicaSets = try await context.cluster.list(.replicaSets, namespace: namespace).items
        let wanting = replicaSets.filter { $0.spec["replicas"]?.int ?? 1 > 0 }
        let resting = memory.state.withLock { state in
            state.resting = state.resting.filter { $0.value > now }
            return state.resting
        }
        return wanting.compactMap { replicaSet in
            let own = pods.filter { $0.controller?.uid == replicaSet.uid && !$0.isFinishedPod }
            let isAlone = !wanting.contains {
                $0.uid != replicaSet.uid && $0.controller != nil && $0.controller?.uid == replicaSet.controller?.uid
            }
            guard isAlone, resting[replicaSet.uid] == nil, !replicaSet.isBeingDeleted,
                own.count == replicaSet.spec["replicas"]?.int ?? 1,
                own.allSatisfy({ Self.isReady($0) && $0.label(MoveMark.label) != nil }),
                let selector = try? LabelSelector(replicaSet.spec["selector"] ?? .null, at: "spec.selector"),
                selector.requirements.contains(where: { $0.key == MoveMark.label })
            else { return nil }
            let moved = own.filter { pod in
                guard let at = pod.annotation(Names.movedAtAnnotation).flatMap({ Int($0) }) else { return false }
                return Duration.seconds(context.now() - at) < policy.cooldown
            }
            return RebalanceQuestion.Workload(
                name: replicaSet.name, selector: selector, pods: own, resting: Set(moved.map(\.key)))
        }
    }

    /// Tells of a plan once, not again with each move that is left of it.
    private func tell(_ moves: [RebalanceMove], _ offloading: NamespaceOffloading) async {
        let pods = Set(moves.map(\.pod))
        let isNew = memory.state.withLock { state in
            defer { state.told[offloading.namespace] = pods }
            return !pods.isSubset(of: state.told[offloading.namespace] ?? [])
        }
        guard isNew else { return }
        let list = moves.prefix(10).map { "\($0.pod.name) from \(edge($0.from)) to \(edge($0.to))" }
        let rest = moves.count > 10 ? ", and \(moves.count - 10) more" : ""
        await context.events.record(
            .normal, offloading.object, reason: "RebalancePlanned",
            "\(moves.count) \(moves.count == 1 ? "pod moves" : "pods move"), one at a time: \(list.joined(separator: ", "))\(rest)"
        )
    }

    private func edge(_ node: String) -> String { context.edges.edge(node: node)?.name ?? node }

    // MARK: - One move

    private func begin(
        _ move: RebalanceMove, _ pod: KubernetesObject, _ nodes: [String], at now: ContinuousClock.Instant
    ) async throws {
        guard let owner = pod.controller, let hash = pod.label(MoveMark.label) else { return }
        let mark = MoveMark(
            hash: hash, workload: owner.name, workloadUID: owner.uid, target: move.to, since: context.now(),
            newest: context.pods.objects.filter { $0.controller?.uid == owner.uid }
                .compactMap { Timestamp.seconds($0.creationTimestamp) }.max() ?? 0)
        // Before the ReplicaSet makes the new pod: it must not go anywhere else.
        keep(owner.uid, off: nodes.filter { $0 != move.to }, for: edge(move.to), at: now)
        do {
            try await change(pod, mark.beginning)
        } catch {
            context.moves.forget(owner.uid)
            throw error
        }
        context.noteMove(
            of: pod, from: edge(move.from), to: edge(move.to),
            "rebalancing: \(move.counts.from) and \(move.counts.to) pods are counted there over \(move.topologyKey)")
        await context.events.record(
            .normal, pod, reason: "Rebalancing",
            "moves from \(edge(move.from)) to \(edge(move.to)): \(move.counts.from) and \(move.counts.to) pods are counted there over \(move.topologyKey); a new one is made first"
        )
    }

    /// Has a workload's new pods go to no other node for now. A pod whose move goes on says so again; one that is gone does not,
    /// and must not hold up its workload for good.
    private func keep(_ workload: String, off nodes: [String], for target: String, at now: ContinuousClock.Instant) {
        context.moves.keep(workload, off: nodes, for: target)
        memory.state.withLock { $0.settling[workload] = now + Self.settlingTime }
    }

    /// Goes on with a move that has begun.
    private func resume(_ pod: KubernetesObject, at now: ContinuousClock.Instant) async throws {
        guard let mark = MoveMark(pod) else {
            return try await change(pod, ["annotations": [Names.rebalancingAnnotation: .null]])
        }
        guard !pod.isBeingDeleted, !pod.isFinishedPod else { return context.moves.forget(mark.workloadUID) }
        if context.moves[mark.workloadUID].isEmpty {
            let nodes = try await context.cluster.list(.nodes).items.map(\.name)
            keep(mark.workloadUID, off: nodes.filter { $0 != mark.target }, for: edge(mark.target), at: now)
        } else {
            memory.state.withLock { $0.settling[mark.workloadUID] = now + Self.settlingTime }
        }
        let replicaSet = try await context.cluster.find(
            .replicaSets, namespace: pod.namespace, name: mark.workload)
        let others = context.pods.objects.filter {
            $0.controller?.uid == mark.workloadUID && $0.uid != pod.uid
                && $0.annotation(Names.rebalancingAnnotation) == nil
        }
        let isAsked = context.offloading(pod.namespace)?.policy.rebalance != nil
        let obstacle =
            isAsked ? obstacle(pod.namespace, at: now, steadyFor: .zero) : "the namespace does not ask for it any more"
        switch MoveStep.next(mark, replicaSet: replicaSet, pods: others, now: context.now(), obstacle: obstacle) {
        case .wait: return
        case .evict(let replacement): try await evict(pod, mark, replacement, others, at: now)
        case .undo(let why): try await undo(pod, mark, others, why, at: now)
        case .discard:
            try await context.cluster.deleteIfPresent(
                .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
            context.moves.forget(mark.workloadUID)
        }
    }

    private func evict(
        _ pod: KubernetesObject, _ mark: MoveMark, _ replacement: KubernetesObject?,
        _ others: [KubernetesObject], at now: ContinuousClock.Instant
    ) async throws {
        context.moves.forget(mark.workloadUID)
        guard memory.state.withLock({ $0.blocked[pod.uid] }) == nil else { return }
        if let replacement {
            // Before the old one goes: what is not written down would move again.
            try await change(
                replacement, ["annotations": [Names.movedAtAnnotation: .string(String(context.now()))]])
            await context.events.record(
                .normal, replacement, reason: "Rebalanced",
                "took the place of \(pod.name) at \(edge(pod.spec["nodeName"]?.string ?? ""))")
        }
        let eviction: JSON = [
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": ["name": .string(pod.name), "namespace": .string(pod.namespace)],
            "deleteOptions": ["preconditions": ["uid": .string(pod.uid)]],
        ]
        do {
            _ = try await context.cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "eviction", eviction)
        } catch let error as APIError where error.isNotFound {
            return
        } catch let error as APIError where error.code == 429 {
            let why = error.causes.first?.message ?? error.message
            await context.events.record(.normal, pod, reason: "RebalanceBlocked", "waits to be evicted: \(why)")
            memory.state.withLock { $0.blocked[pod.uid] = now + Self.evictionRetry }
            if context.now() - mark.since > MoveStep.patience { try await undo(pod, mark, others, why, at: now) }
            return
        }
        context.noteEviction(
            of: pod, from: edge(pod.spec["nodeName"]?.string ?? ""), "moved to \(edge(mark.target)) by rebalancing")
        await context.events.record(
            .normal, pod, reason: "Rebalanced", "\(replacement?.name ?? "a new pod") is ready in its place; it ends")
    }

    /// Has the ReplicaSet take the pod up again, and end the new one: whichever it would rather end, that one is made the one
    /// without a node.
    private func undo(
        _ pod: KubernetesObject, _ mark: MoveMark, _ others: [KubernetesObject], _ why: String,
        at now: ContinuousClock.Instant
    ) async throws {
        let nodes = try await context.cluster.list(.nodes).items.map(\.name)
        keep(mark.workloadUID, off: nodes, for: "nowhere", at: now)
        if let new = MoveStep.unfinished(mark, of: others) {
            try await context.cluster.deleteIfPresent(
                .pods, namespace: new.namespace, name: new.name, DeleteOptions(uid: new.uid))
        }
        try await change(pod, mark.undoing)
        let cooldown = context.offloading(pod.namespace)?.policy.rebalance?.cooldown ?? RebalancePolicy().cooldown
        memory.state.withLock { $0.resting[mark.workloadUID] = now + cooldown }
        context.logger.warning(
            "the move of a pod was taken back",
            metadata: [
                "audit": "move-abandoned", "pod": "\(pod.key)", "uid": "\(pod.uid)", "to": "\(edge(mark.target))",
                "reason": "\(why)",
            ])
        await context.events.record(
            .warning, pod, reason: "RebalanceAbandoned", "stays where it is: \(why)")
    }

    /// Changes a pod's metadata, if it is still as it was looked at.
    private func change(_ pod: KubernetesObject, _ metadata: JSON) async throws {
        var metadata = metadata
        metadata["uid"] = .string(pod.uid)
        metadata["resourceVersion"] = .string(pod.resourceVersion)
        _ = try await context.cluster.merge(
            .pods, namespace: pod.namespace, name: pod.name, ["metadata": metadata])
    }
}
