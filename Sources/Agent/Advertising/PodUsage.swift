import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization

/// What pods take on each node, summed up as they come and go: what is free is told again with each of them, and counting
/// them all each time would cost more than running them.
final class PodUsage: Sendable {
    private struct Place: Hashable {
        /// The cluster id of the pod's hub; empty for a pod of the edge's own.
        let hub: String
        let node: String
    }

    private struct Sum {
        var pods = 0
        var amounts: ResourceAmounts = [:]
    }

    private struct State {
        var pods: [ObjectKey: (place: Place, amounts: ResourceAmounts)] = [:]
        var sums: [Place: Sum] = [:]
    }

    private let state = Mutex(State())

    /// Takes a change of a pod in.
    func note(_ change: InformerChange) {
        guard let pod = change.new, let place = Self.place(of: pod) else { return put(change.key, nil) }
        // Most changes are of the status, and what a pod asks for takes reading.
        if let old = change.old, Self.place(of: old) == place, old.spec == pod.spec { return }
        put(change.key, (place, Self.requests(pod)))
    }

    private func put(_ key: ObjectKey, _ pod: (place: Place, amounts: ResourceAmounts)?) {
        state.withLock { state in
            if let (place, amounts) = state.pods.removeValue(forKey: key) {
                for (name, amount) in amounts {
                    let rest = (state.sums[place]?.amounts[name] ?? .zero) - amount
                    state.sums[place]?.amounts[name] = rest
                }
                state.sums[place]?.pods -= 1
                if state.sums[place]?.pods == 0 { state.sums[place] = nil }
            }
            guard let pod else { return }
            state.pods[key] = pod
            state.sums[pod.place, default: Sum()].pods += 1
            state.sums[pod.place, default: Sum()].amounts.add(pod.amounts)
        }
    }

    /// By node, what the pods of a hub take, and what all others do.
    func amounts(of hub: String) -> (own: [String: ResourceAmounts], others: [String: ResourceAmounts]) {
        state.withLock { state in
            var (own, others): ([String: ResourceAmounts], [String: ResourceAmounts]) = ([:], [:])
            for (place, sum) in state.sums {
                if place.hub == hub {
                    own[place.node, default: [:]].add(sum.amounts)
                } else {
                    others[place.node, default: [:]].add(sum.amounts)
                }
            }
            return (own, others)
        }
    }

    /// Where a pod takes something; `nil` while it is not bound, and once it has ended.
    private static func place(of pod: KubernetesObject) -> Place? {
        guard let node = pod.spec["nodeName"]?.string, !KubernetesObject.isFinishedPod(status: pod.status) else {
            return nil
        }
        return Place(hub: OriginOf.pod(pod)?.hub ?? "", node: node)
    }

    /// What a pod takes, and its place among the pods.
    static func requests(_ pod: KubernetesObject) -> ResourceAmounts {
        var requests = PodRequests.total(of: pod)
        requests["pods"] = Quantity(1)
        return requests
    }
}
