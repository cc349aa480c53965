/// A node in the order in which nodes of one group are taken: better score of its own first, then as ties are broken.
struct Contender: Sendable, Comparable {
    /// What depends on the node alone, of the total.
    let score: Int32
    let pods: Int32
    let rank: UInt64
    let place: Int32
    /// Tells the node's newest entry from older ones.
    let version: UInt32

    static func < (left: Contender, right: Contender) -> Bool {
        if left.score != right.score { return left.score > right.score }
        return left.precedesInTie(right)
    }

    /// Whether the node is taken before another of the same total.
    func precedesInTie(_ other: Contender) -> Bool {
        if pods != other.pods { return pods < other.pods }
        if rank != other.rank { return rank < other.rank }
        return place < other.place
    }
}
