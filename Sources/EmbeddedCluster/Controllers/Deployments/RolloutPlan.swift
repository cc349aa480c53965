/// The next step of a Deployment's rollout: values in, actions out.
///
/// Every plan is one step that keeps the promises of the strategy whatever the pods do meanwhile; the next step follows from
/// what the cluster looks like then.
struct RolloutPlan: Sendable, Hashable {
    enum Action: Sendable, Hashable {
        /// Makes the ReplicaSet of the current template.
        case create(replicas: Int)
        case scale(name: String, to: Int)
        /// Records the Deployment's present size where no scaling is needed.
        case note(name: String)
        case delete(name: String)
    }

    var actions: [Action] = []

    /// - Parameters:
    ///   - newest: the ReplicaSet of the current template, where there is one.
    ///   - old: the others that the Deployment owns.
    ///   - hasOldPods: whether pods of `old` still run: only asked of for `Recreate`.
    ///   - isComplete: whether the status says that the rollout is done.
    static func next(
        _ spec: RolloutSpec, newest: RolloutReplicaSet?, old: [RolloutReplicaSet], hasOldPods: Bool, isComplete: Bool
    ) -> RolloutPlan {
        let old = old.sorted(by: RolloutReplicaSet.isOlder)
        if spec.isPaused {
            return RolloutPlan(
                actions: Scaling.actions(spec, newest: newest, old: old) + surplusHistory(spec, old))
        }
        // A change of size is spread over all ReplicaSets first; then the rollout goes on at the new size.
        let all = (newest.map { [$0] } ?? []) + old
        if spec.strategy != .recreate,
            all.contains(where: { $0.wanted > 0 && $0.desiredOfDeployment.map { $0 != spec.replicas } ?? false })
        {
            return RolloutPlan(actions: Scaling.actions(spec, newest: newest, old: old))
        }
        let step =
            switch spec.strategy {
            case .recreate: recreate(spec, newest: newest, old: old, hasOldPods: hasOldPods)
            case .rollingUpdate: rolling(spec, newest: newest, old: old)
            }
        return RolloutPlan(actions: step.isEmpty && isComplete ? surplusHistory(spec, old) : step)
    }

    // MARK: - Strategies

    private static func recreate(
        _ spec: RolloutSpec, newest: RolloutReplicaSet?, old: [RolloutReplicaSet], hasOldPods: Bool
    ) -> [Action] {
        let running = old.filter { $0.wanted > 0 }
        guard running.isEmpty else { return running.map { .scale(name: $0.name, to: 0) } }
        guard !hasOldPods, !old.contains(where: { $0.replicas > 0 }) else { return [] }
        guard let newest else { return [.create(replicas: spec.replicas)] }
        return newest.wanted == spec.replicas ? [] : [.scale(name: newest.name, to: spec.replicas)]
    }

    private static func rolling(_ spec: RolloutSpec, newest: RolloutReplicaSet?, old: [RolloutReplicaSet]) -> [Action] {
        let total = (newest?.wanted ?? 0) + old.reduce(0) { $0 + $1.wanted }
        let room = max(0, spec.replicas + spec.maxSurge - total)
        guard let newest else { return [.create(replicas: min(spec.replicas, room))] }
        if newest.wanted > spec.replicas { return [.scale(name: newest.name, to: spec.replicas)] }
        let grown = newest.wanted + min(room, spec.replicas - newest.wanted)
        if grown > newest.wanted { return [.scale(name: newest.name, to: grown)] }
        return shrinkOld(spec, newest: newest, old: old, total: total)
    }

    /// Takes pods from the old ReplicaSets: first those that are not available anyway, then as many of the others as may be
    /// missing.
    private static func shrinkOld(
        _ spec: RolloutSpec, newest: RolloutReplicaSet, old: [RolloutReplicaSet], total: Int
    ) -> [Action] {
        var wanted = Dictionary(old.map { ($0.name, $0.wanted) }, uniquingKeysWith: { first, _ in first })
        let least = spec.replicas - spec.maxUnavailable
        // The newest's pods that are not available yet may become so, but cannot be counted on.
        var mayGo = total - least - (newest.wanted - newest.available)
        guard mayGo > 0 else { return [] }
        for set in old where set.wanted > set.available && mayGo > 0 {
            let gone = min(mayGo, set.wanted - set.available)
            wanted[set.name] = set.wanted - gone
            mayGo -= gone
        }
        var spare = old.reduce(newest.available) { $0 + $1.available } - least
        for set in old where spare > 0 {
            let current = wanted[set.name] ?? 0
            let gone = min(spare, current)
            wanted[set.name] = current - gone
            spare -= gone
        }
        return old.compactMap { set in
            guard let to = wanted[set.name], to != set.wanted else { return nil }
            return .scale(name: set.name, to: to)
        }
    }

    /// The oldest ReplicaSets beyond the history that is to be kept.
    private static func surplusHistory(_ spec: RolloutSpec, _ old: [RolloutReplicaSet]) -> [Action] {
        let kept = old.filter { !$0.isBeingDeleted }
        let surplus = kept.count - spec.revisionHistoryLimit
        guard surplus > 0 else { return [] }
        return kept.sorted { ($0.revision, $0.created, $0.name) < ($1.revision, $1.created, $1.name) }
            .prefix(surplus)
            .filter { $0.wanted == 0 && $0.replicas == 0 && $0.isObserved }
            .map { .delete(name: $0.name) }
    }
}
