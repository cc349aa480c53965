import JSONTree
import KubernetesModel
import Scheduling

/// Pods that found no node, and the room that others make for them.
///
/// Room is kept from the decision on, before the cluster shows it in `status.nominatedNodeName`; until the victims are ending
/// the pod stays at work, so that it is not given room twice.
extension SchedulerState {
    /// No node takes the pod: others make room for it if they can, or it waits.
    mutating func withoutNode(
        _ pod: KubernetesObject, _ pending: PendingPod, excluding exclusions: [String: String], now: Duration
    ) -> Action {
        // Only now is every node's reason worth knowing.
        let evaluation = scheduler.evaluate(pending, excluding: exclusions)
        let plugins = evaluation.refusingPlugins
        // A rejection wears off by time, not by a change in the cluster.
        func park(_ state: inout SchedulerState) {
            state.queue.park(pod.key, plugins: plugins, helpedByTime: !exclusions.isEmpty, now: now)
        }
        func verdict(_ message: String, _ nomination: Verdict.Nomination) -> Verdict {
            Verdict(reason: "Unschedulable", message: message, nomination: nomination)
        }
        // Without nodes there is nothing to preempt, nor anything to say about it.
        guard evaluation.nodeCount > 0 else {
            park(&self)
            return .report(pod, verdict(evaluation.failureMessage, .cleared))
        }
        let preemption = scheduler.preemption(
            for: pending, after: evaluation, budgets: Array(budgets.values), excluding: exclusions)
        switch preemption {
        case .notEligible(let why):
            park(&self)
            return .report(pod, verdict(evaluation.failureMessage(withoutPreemption: why), .unchanged))
        case .hopeless(let why):
            giveUpRoom(pod.key, now: now)
            park(&self)
            return .report(pod, verdict(evaluation.failureMessage(withoutPreemption: why), .cleared))
        case .possible(let node, let victims):
            let room = makeRoom(for: pending, on: node, victims, now: now)
            let verdict = verdict(evaluation.failureMessage, .node(node))
            guard !room.victims.isEmpty || !room.displaced.isEmpty else {
                // All of them are on their way out.
                park(&self)
                return .report(pod, verdict)
            }
            return .preempt(pod, verdict, room)
        }
    }

    private mutating func makeRoom(
        for pod: PendingPod, on node: String, _ victims: [PlacedPod], now: Duration
    ) -> RoomToMake {
        let displaced = scheduler.snapshot.nominations(on: node, below: pod.priority).map(\.key)
        for key in displaced {
            scheduler.snapshot.removeNomination(key)
            queue.reconsider(key, now: now)
        }
        var placed = pod.asPlaced
        placed.node = node
        scheduler.snapshot.nominate(placed)
        return RoomToMake(node: node, victims: victims.filter { !$0.isTerminating }.map(\.key), displaced: displaced)
    }

    /// Victims were told to end, or could not be.
    ///
    /// - Parameter ended: those that are ending now, even if the cluster has not shown it yet.
    mutating func preemptionEnded(_ pod: KubernetesObject, ended: [ObjectKey], now: Duration) {
        for key in ended {
            guard var victim = scheduler.snapshot.pod(key) else { continue }
            victim.isTerminating = true
            victim.isPreempted = true
            scheduler.snapshot.setPod(victim)
        }
        if !ended.isEmpty { queue.note(.podChanged, now: now) }
        guard waiting[pod.key]?.uid == pod.uid else { return }
        // They may have gone already, which no change would tell any more.
        queue.retry(pod.key, now: now)
    }

    /// Follows `status.nominatedNodeName` of a pod without a node, which may come from the time before a restart.
    mutating func nominationChanged(_ pod: KubernetesObject, from old: KubernetesObject?, now: Duration) {
        func node(_ pod: KubernetesObject?) -> String { pod?.json["status"]?["nominatedNodeName"]?.string ?? "" }
        let wanted = node(pod)
        // What is not written yet counts on.
        guard wanted != (old?.uid == pod.uid ? node(old) : "") else { return }
        guard !wanted.isEmpty else {
            giveUpRoom(pod.key, now: now)
            queue.reconsider(pod.key, now: now)
            return
        }
        var placed = PlacedPod(pod)
        placed.node = wanted
        scheduler.snapshot.nominate(placed)
    }

    /// Room that was kept for a pod is anybody's again.
    mutating func giveUpRoom(_ key: ObjectKey, now: Duration) {
        if scheduler.snapshot.removeNomination(key) != nil { queue.note(.podRemoved, now: now) }
    }
}
