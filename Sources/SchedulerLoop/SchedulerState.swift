import JSONTree
import KubernetesModel
import Scheduling

/// What the scheduler loop knows and wants next: changes and outcomes in, actions out. No I/O, no clock.
///
/// A pod is in one place: in the queue until a node is chosen; assumed on that node until the cluster shows it there; then in
/// the snapshot as what it is. An assumed pod is in the snapshot already, so that the next decision counts it.
struct SchedulerState: Sendable {
    /// What came of a binding.
    enum BindingOutcome: Sendable {
        case bound
        /// The pod is gone.
        case gone
        /// It has a node already, or the API refused: what is true will be seen, and the pod tried again if it still has none.
        case failed
    }

    enum Action: Sendable {
        case bind(KubernetesObject, node: String)
        /// No node will do.
        case report(KubernetesObject, Verdict)
        /// One node will do once others have left it; `preemptionEnded` follows.
        case preempt(KubernetesObject, Verdict, RoomToMake)
    }

    private struct Assumption {
        let uid: String
        let node: String
    }

    private let configuration: SchedulerConfiguration
    var scheduler: SpreadScheduler
    var queue: SchedulingQueue
    /// The pods in the queue, as they are.
    private(set) var waiting: [ObjectKey: KubernetesObject] = [:]
    private var workloads = Workloads()
    private(set) var budgets: [ObjectKey: DisruptionBudget] = [:]
    private var assumed: [ObjectKey: Assumption] = [:]
    private(set) var bindingsUnderWay = 0

    init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        scheduler = SpreadScheduler(seed: configuration.seed)
        queue = SchedulingQueue(configuration)
    }

    /// When `next` may have something although nothing happened; `nil` for never.
    var nextDue: Duration? { queue.nextDue }

    // MARK: - Nodes

    mutating func nodeChanged(_ node: SchedulingNode, now: Duration) {
        if scheduler.snapshot.setNode(node) { queue.note(.nodeChanged, now: now) }
    }

    mutating func nodeRemoved(_ name: String, now: Duration) {
        if scheduler.snapshot.removeNode(name) { queue.note(.nodeRemoved, now: now) }
    }

    /// How namespaces are filled: pods that a constraint kept off may pass now.
    mutating func fillsChanged(_ fills: [String: WaterFill], now: Duration) {
        guard fills != scheduler.snapshot.fills else { return }
        scheduler.snapshot.fills = fills
        queue.note(.nodeChanged, now: now)
    }

    // MARK: - What pods hang on

    /// A namespace came or changed, or went (`nil`).
    mutating func namespaceChanged(_ name: String, labels: [String: String]?, now: Duration) {
        if scheduler.snapshot.setNamespace(name, labels: labels) { queue.note(.namespaceChanged, now: now) }
    }

    /// An object of `Workloads.types` came or changed, or went (`nil`).
    mutating func workloadChanged(_ type: ResourceType, _ key: ObjectKey, _ object: KubernetesObject?) {
        // It makes nodes better or worse, but lets no pod in.
        workloads.set(type, key, to: object)
    }

    /// A PodDisruptionBudget came or changed, or went (`nil`).
    mutating func budgetChanged(_ key: ObjectKey, _ budget: KubernetesObject?) {
        budgets[key] = budget.flatMap(DisruptionBudget.init)
    }

    // MARK: - Pods

    mutating func podChanged(_ pod: KubernetesObject, now: Duration) {
        let key = pod.key
        if let assumption = assumed[key], assumption.uid != pod.uid { forget(key) }
        guard !pod.isFinishedPod else { return podRemoved(key, now: now) }
        let node = pod.json["spec"]?["nodeName"]?.string ?? ""
        guard node.isEmpty else { return podPlaced(pod, now: now) }
        // An old event about a pod that is being bound: what was decided still holds.
        if assumed[key] != nil {
            if pod.isBeingDeleted { forget(key) }
            return
        }
        // A pod of the same name was on a node before.
        if scheduler.snapshot.removePod(key) != nil { queue.note(.podRemoved, now: now) }
        guard isOurs(pod) else {
            queue.remove(key)
            waiting[key] = nil
            giveUpRoom(key, now: now)
            return
        }
        let old = waiting.updateValue(pod, forKey: key)
        nominationChanged(pod, from: old, now: now)
        if let old, old.uid == pod.uid {
            if Self.differ(old, pod) { queue.reconsider(key, now: now) }
        } else {
            queue.remove(key)
            queue.add(key, priority: pod.json["spec"]?["priority"]?.int ?? 0)
        }
    }

    mutating func podRemoved(_ key: ObjectKey, now: Duration) {
        queue.remove(key)
        waiting[key] = nil
        assumed[key] = nil
        giveUpRoom(key, now: now)
        if scheduler.snapshot.removePod(key) != nil { queue.note(.podRemoved, now: now) }
    }

    private mutating func podPlaced(_ pod: KubernetesObject, now: Duration) {
        let key = pod.key
        queue.remove(key)
        waiting[key] = nil
        assumed[key] = nil
        giveUpRoom(key, now: now)
        let placed = PlacedPod(pod)
        guard let old = scheduler.snapshot.setPod(placed) else { return queue.note(.podPlaced, now: now) }
        if old.node != placed.node || old.requests != placed.requests {
            queue.note(.podRemoved, now: now)
            queue.note(.podPlaced, now: now)
        } else if old.labels != placed.labels || old.isTerminating != placed.isTerminating {
            queue.note(.podChanged, now: now)
        }
    }

    private func isOurs(_ pod: KubernetesObject) -> Bool {
        let spec = pod.json["spec"]
        let name = spec?["schedulerName"]?.string ?? ""
        return configuration.schedulerNames.contains(name.isEmpty ? SchedulerConfiguration.defaultName : name)
            && !pod.isBeingDeleted && (spec?["schedulingGates"]?.array ?? []).isEmpty
    }

    /// Whether something changed that may change a decision: not the condition that this scheduler writes itself.
    private static func differ(_ old: KubernetesObject, _ new: KubernetesObject) -> Bool {
        old.json["spec"] != new.json["spec"] || old.labels != new.labels || old.annotations != new.annotations
    }

    // MARK: - Deciding

    /// The next pod to decide about; `decide` must follow. `nil` when there is none or enough bindings are under way.
    mutating func next(now: Duration) -> KubernetesObject? {
        guard bindingsUnderWay < configuration.bindingsAtOnce else { return nil }
        while let key = queue.next(now: now) {
            if let pod = waiting[key] { return pod }
            queue.remove(key)
        }
        return nil
    }

    /// Decides about a pod that `next` gave.
    ///
    /// - Returns: `nil` where the pod changed or went meanwhile.
    mutating func decide(_ pod: KubernetesObject, excluding exclusions: [String: String], now: Duration) -> Action? {
        let key = pod.key
        guard let current = waiting[key], current.uid == pod.uid else { return nil }
        let pending: PendingPod
        do {
            pending = try PendingPod(current, workload: workloads.selector(of: current))
        } catch {
            queue.park(key, plugins: [], now: now)
            return .report(current, Verdict(reason: "SchedulerError", message: error.message))
        }
        guard let node = scheduler.node(for: pending, excluding: exclusions) else {
            return withoutNode(current, pending, excluding: exclusions, now: now)
        }
        assume(current, pending, on: node, now: now)
        return .bind(current, node: node)
    }

    private mutating func assume(_ pod: KubernetesObject, _ pending: PendingPod, on node: String, now: Duration) {
        assumed[pod.key] = Assumption(uid: pod.uid, node: node)
        waiting[pod.key] = nil
        scheduler.snapshot.removeNomination(pod.key)
        var placed = pending.asPlaced
        placed.node = node
        scheduler.snapshot.setPod(placed)
        bindingsUnderWay += 1
        queue.note(.podPlaced, now: now)
    }

    /// A binding ended.
    mutating func bindingEnded(_ pod: KubernetesObject, _ outcome: BindingOutcome, now: Duration) {
        bindingsUnderWay -= 1
        let key = pod.key
        // Without the assumption the cluster has shown already what became of the pod.
        guard assumed[key]?.uid == pod.uid else { return }
        switch outcome {
        // Assumed until the cluster shows it, or a decision in between would overlook it.
        case .bound: break
        case .gone:
            forget(key)
            queue.note(.podRemoved, now: now)
        case .failed:
            forget(key, keepingInQueue: true)
            waiting[key] = pod
            nominationChanged(pod, from: nil, now: now)
            queue.retry(key, now: now)
            queue.note(.podRemoved, now: now)
        }
    }

    private mutating func forget(_ key: ObjectKey, keepingInQueue: Bool = false) {
        assumed[key] = nil
        scheduler.snapshot.removePod(key)
        if !keepingInQueue { queue.remove(key) }
    }
}
