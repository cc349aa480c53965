public import ClusterAPI
import JSONTree
import KubernetesModel
public import Logging
public import Scheduling
import Synchronization

/// Gives nodes to the pods of a cluster that have none: watches nodes and pods, decides one pod at a time, binds several at once.
///
/// Level-triggered: what it knows it has from the cluster, so it goes on after a restart where it was. It never binds a pod
/// twice: a binding of a pod that has a node is refused by the API, and the refusal only makes it look again.
public final class SchedulerLoop: Sendable {
    private let cluster: any ClusterAPI
    private let configuration: SchedulerConfiguration
    private let advice: any PlacementAdvice
    private let pods: Informer
    private let nodes: Informer
    private let ownsInformers: Bool
    private let recorder: EventRecorder
    private let now: @Sendable () -> Int
    private let logger: Logger
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
        self.cluster = cluster
        self.configuration = configuration
        self.advice = advice
        self.now = now
        self.logger = logger
        ownsInformers = informers == nil
        pods = informers?.pods ?? Informer(cluster, .pods, logger: logger)
        nodes = informers?.nodes ?? Informer(cluster, .nodes, logger: logger)
        recorder = EventRecorder(
            cluster, component: SchedulerConfiguration.defaultName, now: now, logger: logger)
        state = Mutex(SchedulerState(configuration))
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        nodes.onChange { [weak self] in self?.nodeChanged($0) }
        pods.onChange { [weak self] in self?.podChanged($0) }
    }

    /// Schedules until the task is cancelled; to be called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            if ownsInformers {
                group.addTask { await self.nodes.run() }
                group.addTask { await self.pods.run() }
            }
            do {
                // Deciding with half of the nodes or pods known would place wrongly.
                try await nodes.waitForSync()
                try await pods.waitForSync()
            } catch {
                return
            }
            var alarm: ContinuousClock.Instant?
            wakeUp.yield()
            for await _ in wakeUps {
                while let action = step() {
                    switch action {
                    case .bind(let pod, let node): group.addTask { await self.bind(pod, to: node) }
                    case .report(let pod, let reason, let message):
                        group.addTask { await self.report(pod, reason: reason, message) }
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

    /// Asks the advice about every node again: for when an edge's state changed and no object of the cluster did.
    public func refreshNodes() {
        for node in nodes.objects { look(atNode: node.key) }
        wakeUp.yield()
    }

    // MARK: - What happens

    private var elapsed: Duration { ContinuousClock.now - start }

    private func nodeChanged(_ change: InformerChange) {
        look(atNode: change.key)
        wakeUp.yield()
    }

    /// Takes over the node as it is now, not as it was when somebody noticed a change.
    private func look(atNode key: ObjectKey) {
        looking.withLock { _ in
            if let object = nodes[key] {
                let node = SchedulingNode(object, state: advice.state(ofNode: object))
                state.withLock { $0.nodeChanged(node, now: elapsed) }
            } else {
                state.withLock { $0.nodeRemoved(key.name, now: elapsed) }
            }
        }
    }

    private func podChanged(_ change: InformerChange) {
        state.withLock { state in
            if let pod = change.new {
                state.podChanged(pod, now: elapsed)
            } else {
                state.podRemoved(change.key, now: elapsed)
            }
        }
        wakeUp.yield()
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
        let outcome = await tryToBind(pod, to: node)
        state.withLock { $0.bindingEnded(pod, outcome, now: elapsed) }
        wakeUp.yield()
        guard case .bound = outcome else { return }
        await recorder.record(
            .normal, pod, reason: "Scheduled",
            "Successfully assigned \(pod.namespace)/\(pod.name) to \(node)")
    }

    private func tryToBind(_ pod: KubernetesObject, to node: String) async -> SchedulerState.BindingOutcome {
        let binding: JSON = [
            "apiVersion": "v1", "kind": "Binding",
            "metadata": [
                "name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid),
            ],
            "target": ["apiVersion": "v1", "kind": "Node", "name": .string(node)],
        ]
        do {
            _ = try await cluster.createSubresource(
                .pods, namespace: pod.namespace, name: pod.name, subresource: "binding", binding)
            return .bound
        } catch let error as APIError where error.isNotFound {
            return .gone
        } catch {
            // A conflict: somebody else was faster, or an earlier binding whose answer was lost.
            let level: Logger.Level = (error as? APIError)?.isConflict == true ? .debug : .warning
            logger.log(
                level: level, "binding failed, trying again",
                metadata: ["pod": "\(pod.key)", "node": "\(node)", "error": "\(error)"])
            return .failed
        }
    }

    private func report(_ pod: KubernetesObject, reason: String, _ message: String) async {
        do {
            try await setCondition(of: pod, reason: reason, message)
        } catch {
            // The next failure says it again.
            logger.debug(
                "a pod's condition was not written", metadata: ["pod": "\(pod.key)", "error": "\(error)"])
        }
        await recorder.record(.warning, pod, reason: "FailedScheduling", message)
    }

    /// Writes `PodScheduled=False` unless the pod has a node by now: only the version that was looked at is written to.
    private func setCondition(of pod: KubernetesObject, reason: String, _ message: String) async throws {
        var pod = pod
        for attempt in 1...3 {
            var conditions = pod.json["status"]?["conditions"]
            let old = Conditions.find("PodScheduled", in: conditions)
            if old?["status"]?.string == "False", old?["reason"]?.string == reason, old?["message"]?.string == message {
                return
            }
            Conditions.set(
                "PodScheduled", status: "False", reason: reason, message: message, now: now(), in: &conditions)
            guard let condition = Conditions.find("PodScheduled", in: conditions) else { return }
            let changes: JSON = [
                "metadata": ["uid": .string(pod.uid), "resourceVersion": .string(pod.resourceVersion)],
                "status": ["conditions": [condition]],
            ]
            do {
                _ = try await cluster.patch(
                    .pods, namespace: pod.namespace, name: pod.name, Patch(.strategic, changes), subresource: "status",
                    WriteOptions())
                return
            } catch let error as APIError where error.isConflict && attempt < 3 {
                let current = try await cluster.find(.pods, namespace: pod.namespace, name: pod.name)
                guard let current, current.uid == pod.uid, current.json["spec"]?["nodeName"] == nil else { return }
                pod = current
            }
        }
    }
}
