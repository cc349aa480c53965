/// Nodes that pass all filters but those about topology, and that differ only in how full they are.
///
/// Their order is a heap whose stale entries are passed over when they come up: a node that changed is put in anew.
struct NodeGroup: Sendable {
    /// What equal nodes have in common.
    struct Likeness: Sendable, Hashable {
        /// Taints the pod would rather not meet.
        var taints = 0
        /// The sum of the weights of preferred affinities.
        var preference = 0
        /// By the view's topologies.
        var slots: [TopologySlot] = []
    }

    let likeness: Likeness
    /// Nodes in the group now.
    var nodes = 0
    private var heap: [Contender] = []

    init(_ likeness: Likeness) { self.likeness = likeness }

    mutating func insert(_ contender: Contender) {
        heap.append(contender)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The best node; `nil` in an empty group.
    mutating func first(where isCurrent: (Contender) -> Bool) -> Contender? {
        if heap.count > 64, heap.count > 4 * nodes {
            heap.removeAll { !isCurrent($0) }
            // A sorted array is a heap.
            heap.sort()
        }
        while let first = heap.first, !isCurrent(first) {
            let last = heap.removeLast()
            guard !heap.isEmpty else { return nil }
            heap[0] = last
            sink()
        }
        return heap.first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
