/// One rule that keeps pods off nodes; made for one pod, then asked about every node.
protocol NodeFilter: Sendable {
    /// `nil` where the node will do.
    func refusal(of entry: SnapshotNode) -> Refusal?
}

/// One rule that prefers nodes to others; made for one pod, then asked about the nodes that passed all filters.
protocol NodeScore: Sendable {
    /// The name of the Kubernetes plugin.
    static var name: String { get }
    /// What its score of 0 to 100 is multiplied by.
    static var weight: Int { get }
    /// A score of 0 to 100 for each node, in their order; `nil` where the rule has nothing to say about the pod.
    func scores(of entries: [SnapshotNode]) -> [Int]?
}

/// What kube-scheduler calls `MaxNodeScore`.
let highestScore = 100

/// Stretches scores so that the highest is 100 (kube-scheduler's `DefaultNormalizeScore`).
///
/// - Parameter isReversed: whether the lowest becomes 100 instead.
func normalized(_ scores: [Int], isReversed: Bool) -> [Int] {
    let most = scores.max() ?? 0
    return scores.map { stretched($0, most: most, isReversed: isReversed) }
}

/// One score of those whose highest is `most`, stretched so that the highest is 100.
func stretched(_ score: Int, most: Int, isReversed: Bool) -> Int {
    guard most > 0 else { return isReversed ? highestScore : score }
    let share = highestScore * score / most
    return isReversed ? highestScore - share : share
}
