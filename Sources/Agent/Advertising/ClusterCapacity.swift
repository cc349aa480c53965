import JSONTree
import KubernetesModel
import OffloadingModel

/// What the edge's nodes have, and what of it is free.
///
/// Pure. Counted are plain nodes that are Ready; a node that takes no new pods has capacity and nothing to give.
struct ClusterCapacity: Sendable, Hashable {
    /// All that the nodes have.
    var capacity: ResourceAmounts = [:]
    /// What a hub may use: allocatable less what the pods of others take.
    var allocatable: ResourceAmounts = [:]
    /// What is free on the node with the most free CPU, all pods counted.
    var largestFit: ResourceAmounts = [:]
    /// The first Ready node by name, for what is told of hardware and system.
    var typicalNode: KubernetesObject?
    var readyNodes = 0
    var nodes = 0

    /// - Parameters:
    ///   - nodes: of the cluster, virtual ones among them.
    ///   - others: what pods that are not the hub's take, by node.
    ///   - own: what the hub's pods take.
    init(nodes all: [KubernetesObject], others: [String: ResourceAmounts], own: [String: ResourceAmounts]) {
        let plain = all.filter { $0.label(Names.typeLabel) != Names.virtualNodeType }.sorted { $0.key < $1.key }
        let ready = plain.filter { Conditions.isTrue("Ready", in: $0.status["conditions"]) }
        nodes = plain.count
        readyNodes = ready.count
        typicalNode = ready.first ?? plain.first
        var free: [String: ResourceAmounts] = [:]
        for node in ready {
            capacity.add(PodRequests.amounts(node.status["capacity"]))
            guard node.spec["unschedulable"]?.bool != true else { continue }
            let amounts = PodRequests.amounts(node.status["allocatable"])
            allocatable.add(amounts)
            free[node.name] = amounts
        }
        for (node, amounts) in free {
            if let requests = others[node] {
                allocatable = allocatable.less(requests)
                free[node] = amounts.less(requests)
            }
            if let requests = own[node] { free[node] = free[node]?.less(requests) }
        }
        largestFit = free.sorted { $0.key < $1.key }.map(\.value).max { $0.isSmaller(than: $1) } ?? [:]
    }

    /// What of it a hub may use that has a share only.
    ///
    /// - Parameters:
    ///   - limits: by resource; others are not limited.
    ///   - used: what the hub's pods take already.
    func limited(to limits: ResourceAmounts, used: ResourceAmounts) -> ClusterCapacity {
        func capped(_ amounts: ResourceAmounts, _ most: ResourceAmounts) -> ResourceAmounts {
            var result = amounts
            for (name, limit) in most where result[name].map({ $0 > limit }) ?? false { result[name] = limit }
            return result
        }
        var result = self
        result.capacity = capped(capacity, limits)
        result.allocatable = capped(allocatable, limits)
        result.largestFit = capped(largestFit, limits.less(used))
        return result
    }
}

extension ResourceAmounts {
    /// Less other amounts, as far as there is any; names that are not here are left out.
    fileprivate func less(_ others: ResourceAmounts) -> ResourceAmounts {
        var result = self
        for (name, amount) in others {
            guard let own = self[name] else { continue }
            let rest = own - amount
            // In the own format, whatever the other's was.
            result[name] = rest.isNegative ? Quantity(0, format: own.format) : rest
        }
        return result
    }

    fileprivate func isSmaller(than other: ResourceAmounts) -> Bool {
        for name in ["cpu", "memory", "pods"] {
            let (mine, others) = (self[name] ?? .zero, other[name] ?? .zero)
            if mine != others { return mine < others }
        }
        return false
    }

    /// The amounts as text.
    var texts: [String: String] { mapValues(\.description) }
}
