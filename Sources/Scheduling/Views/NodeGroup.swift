/// Nodes that pass all filters but those about topology, and that differ only in how full they are.
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
    /// The best is first.
    var order = LazyHeap<Contender>()
    /// Whether its family has yet to hear of what changed.
    var isChanged = false
    /// Tells its newest entry in a family from older ones.
    var stamp = 0
    /// Of the families; −1 for none.
    var family = -1
    /// Nodes in the group when it came to its family.
    var nodesInFamily = 0

    init(_ likeness: Likeness) { self.likeness = likeness }
}
