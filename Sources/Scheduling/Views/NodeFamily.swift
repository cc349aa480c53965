/// Groups that are worth the same to a pod: they differ in their domains, but not in how many pods those have.
///
/// Where there are many domains, such as racks, there are many groups but few families.
struct NodeFamily: Sendable {
    /// A group, as its best node was when it came to the family or changed.
    struct Entry: Sendable, Comparable {
        let contender: Contender
        let group: Int
        let stamp: Int

        static func < (left: Entry, right: Entry) -> Bool { left.contender < right.contender }
    }

    /// The groups' own, but that a domain of a pooled topology is stood for by its pods.
    let likeness: NodeGroup.Likeness
    /// Groups in the family now.
    var groups = 0
    /// Nodes in all of them.
    var nodes = 0
    var order = LazyHeap<Entry>()

    init(_ likeness: NodeGroup.Likeness) { self.likeness = likeness }
}
