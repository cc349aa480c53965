public import ClusterAPI
import KubernetesModel
public import Logging
public import Scheduling
import Synchronization

/// Gives nodes to the pods of a cluster that have none: watches nodes, pods and what pods hang on, decides one pod at a time,
/// binds several at once, and has less important pods make room.
///
/// Level-triggered: what it knows it has from the cluster, so it goes on after a restart where it was. It never binds a pod
/// twice: a binding of a pod that has a node is refused by the API, and the refusal only makes it look again.
public final class SchedulerLoop: Sendable {
    private let advice: any PlacementAdvice
    private let informers: SchedulerInformers
    private let effects: SchedulerEffects
    private let state: Mutex<SchedulerState>
    /// Held from looking at a node and its edge until the state has what was seen: informer and advice tell of changes on
    /// their own tasks, and what one of them saw first must not overwrite what the other saw later.
    private let looking = Mutex<Void>(())
    private let start = ContinuousClock.now
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - advice: what is known of the edges behind virtual nodes.
    ///   - informers: for all pods and all nodes, to share; whoever made them runs them, after this was made.
    ///   - now: seconds since 1970, for events and conditions.
    public init(
        _ cluster: any ClusterAPI, configuration: SchedulerConfiguration = SchedulerConfiguration(),
        advice: any PlacementAdvice = OrdinaryNodes(), informers: (pods: Informer, nodes: Informer)? = nil,
        now: @escaping @Sendable () -> Int, logger: Logger
    ) {
        self.advice = advice
        self.informers = SchedulerInformers(cluster, shared: informers, logger: logger)
        effects = SchedulerEffects(cluster, now: now, logger: logger)
        state = Mutex(SchedulerState(configuration))
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        follow()
    }

    /// Schedules until the task is cancelled; to be called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.informers.run() }
            do {
                // Deciding with half of the nodes or pods known would place wrongly.
                try await informers.waitForSync()
            } catch {
                return
            }
            takeFills()
            var alarm: ContinuousClock.Instant?
            wakeUp.yield()
            for await _ in wakeUps {
                while let action = step() {
                    switch action {
                    case .bind(let pod, let node): group.addTask { await self.bind(pod, to: node) }
                    case .report(let pod, let verdict): group.addTask { await self.effects.report(pod, verdict) }
                    case .preempt(let pod, let verdict, let room):
                        group.addTask { await self.preempt(pod, verdict, room) }
                    }
                }
                guard let due = state.withLock({ $0.nextDue }).map({ start + $0 }) else { continue }
                if let alarm, alarm <= due, alarm > .now { continue }
                alarm = due
                group.addTask {
                    try? await Task.sleep(until: due, clock: .continuous)
                    self.wakeUp.yield()
                }
            }
            group.cancelAll()
        }
    }

    /// Asks the advice about every node and about the filling of namespaces again: for when it has changed, such as an edge's
    /// state, and no object of the cluster that the loop watches did.
    public func refreshNodes() {
        for node in informers.nodes.objects { look(atNode: node.key) }
        takeFills()
        wakeUp.yield()
    }

    /// Asks the advice about one node again.
    public func refreshNode(_ name: String) {
        look(atNode: ObjectKey(namespace: "", name: name))
        wakeUp.yield()
    }

    private func takeFills() {
        looking.withLock { _ in
            let fills = advice.fills
            state.withLock { $0.fillsChanged(fills, now: elapsed) }
        }
    }

    // MARK: - What happens

    private var elapsed: Duration { ContinuousClock.now - start }

    private func follow() {
        informers.nodes.onChange { [weak self] in self?.nodeChanged($0) }
        informers.pods.onChange { [weak self] in self?.podChanged($0) }
        informers.namespaces.onChange { [weak self] change in
            self?.update { $0.namespaceChanged(change.key.name, labels: change.new?.labels, now: $1) }
        }
        informers.budgets.onChange { [weak self] change in
            self?.update { state, _ in state.budgetChanged(change.key, change.new) }
        }
        for informer in informers.workloads {
            let type = informer.type
            informer.onChange { [weak self] change in
                self?.update { state, _ in state.workloadChanged(type, change.key, change.new) }
            }
        }
    }

    private func update(_ change: (inout SchedulerState, _ now: Duration) -> Void) {
        state.withLock { change(&$0, elapsed) }
        wakeUp.yield()
    }

    private func nodeChanged(_ change: InformerChange) {
        look(atNode: change.key)
        wakeUp.yield()
    }

    /// Takes over the node as it is now, not as it was when somebody noticed a change.
    private func look(atNode key: ObjectKey) {
        looking.withLock { _ in
            if let object = informers.nodes[key] {
                let node = SchedulingNode(object, state: advice.state(ofNode: object))
                state.withLock { $0.nodeChanged(node, now: elapsed) }
            } else {
                state.withLock { $0.nodeRemoved(key.name, now: elapsed) }
            }
        }
    }

    private func podChanged(_ change: InformerChange) {
        // Asked outside the lock: advice is somebody else's code.
        let placed = change.new.map(advice.placed)
        update { state, now in
            if let pod = placed {
                state.podChanged(pod, now: now)
            } else {
                state.podRemoved(change.key, now: now)
            }
        }
    }

    /// One decision; `nil` when there is nothing to decide now.
    private func step() -> SchedulerState.Action? {
        while !Task.isCancelled, let pod = state.withLock({ $0.next(now: elapsed) }) {
            // Asked outside the lock: advice is somebody else's code.
            let exclusions = advice.excludedNodes(for: pod)
            if let action = state.withLock({ $0.decide(pod, excluding: exclusions, now: elapsed) }) { return action }
        }
        return nil
    }

    // MARK: - What is done

    private func bind(_ pod: KubernetesObject, to node: String) async {
        let outcome = await effects.bind(pod, to: node)
        update { $0.bindingEnded(pod, outcome, now: $1) }
        guard case .bound = outcome else { return }
        await effects.recordBinding(of: pod, to: node)
    }

    private func preempt(_ pod: KubernetesObject, _ verdict: Verdict, _ room: RoomToMake) async {
        let pods = informers.pods
        let ended = await effects.preempt(
            for: pod, verdict, on: room.node, victims: room.victims.compactMap { pods[$0] },
            displaced: room.displaced.compactMap { pods[$0] })
        update { state, now in
            // A later pod of a victim's name is not ending.
            let ended = ended.filter { pods[$0.key]?.uid == $0.uid }.map(\.key)
            state.preemptionEnded(pod, ended: ended, now: now)
        }
    }
}
