/// How a change of a Deployment's size reaches its ReplicaSets.
enum Scaling {
    /// - Parameter old: older first.
    static func actions(_ spec: RolloutSpec, newest: RolloutReplicaSet?, old: [RolloutReplicaSet])
        -> [RolloutPlan.Action]
    {
        let all = (newest.map { [$0] } ?? []) + old
        let active = all.filter { $0.wanted > 0 }
        if active.count <= 1, let only = active.first ?? newest ?? old.last {
            return [scaled(only, to: spec.replicas, spec)].compactMap(\.self)
        }
        if let newest, isSaturated(newest, spec) {
            return old.filter { $0.wanted > 0 }.map { .scale(name: $0.name, to: 0) }
        }
        switch spec.strategy {
        case .recreate: return []
        case .rollingUpdate: return proportional(spec, active)
        }
    }

    private static func scaled(_ set: RolloutReplicaSet, to size: Int, _ spec: RolloutSpec) -> RolloutPlan.Action? {
        if set.wanted != size { return .scale(name: set.name, to: size) }
        // The size fits by chance: without the note it would look like a change of size for ever.
        let isNoted =
            set.desiredOfDeployment == spec.replicas && set.maximumOfDeployment == spec.replicas + spec.maxSurge
        return isNoted ? nil : .note(name: set.name)
    }

    /// Whether the newest ReplicaSet alone has all that is wanted.
    private static func isSaturated(_ newest: RolloutReplicaSet, _ spec: RolloutSpec) -> Bool {
        newest.wanted == spec.replicas && newest.desiredOfDeployment == spec.replicas
            && newest.available == spec.replicas
    }

    /// Shares the difference among the active ReplicaSets by their sizes, so that a rollout under way keeps its shape.
    private static func proportional(_ spec: RolloutSpec, _ active: [RolloutReplicaSet]) -> [RolloutPlan.Action] {
        let allowed = spec.replicas > 0 ? spec.replicas + spec.maxSurge : 0
        let difference = allowed - active.reduce(0) { $0 + $1.wanted }
        // Larger ones first; of equal ones the newer gains first and the older loses first.
        let order = active.sorted { left, right in
            if left.wanted != right.wanted { return left.wanted > right.wanted }
            return difference > 0 ? RolloutReplicaSet.isOlder(right, left) : RolloutReplicaSet.isOlder(left, right)
        }
        var shared = 0
        var sizes: [Int] = []
        for set in order {
            let share = share(of: set, difference: difference, shared: shared, spec)
            sizes.append(set.wanted + share)
            shared += share
        }
        if let first = sizes.first { sizes[0] = max(0, first + difference - shared) }
        return zip(order, sizes).compactMap { scaled($0, to: max(0, $1), spec) }
    }

    private static func share(of set: RolloutReplicaSet, difference: Int, shared: Int, _ spec: RolloutSpec) -> Int {
        let remaining = difference - shared
        guard set.wanted > 0, difference != 0, remaining != 0 else { return 0 }
        let share: Int
        if spec.replicas == 0 {
            share = -set.wanted
        } else {
            let before = set.maximumOfDeployment ?? spec.replicas + spec.maxSurge
            guard before > 0 else { return 0 }
            let size = Double(set.wanted * (spec.replicas + spec.maxSurge)) / Double(before)
            share = Int(size.rounded(.toNearestOrAwayFromZero)) - set.wanted
        }
        return difference > 0 ? min(share, remaining) : max(share, remaining)
    }
}
