/// Which of several best nodes a pod gets: the one with the fewest pods; among those, the one whose name, hashed with the
/// seed, comes first.
///
/// kube-scheduler draws lots. Here the same seed, pods and nodes make the same placement, so that a run can be repeated;
/// another seed makes another one of equal worth.
struct TieBreak: Sendable, Hashable {
    let seed: UInt64

    func choose(among best: [Evaluation.Candidate]) -> Evaluation.Candidate? {
        guard best.count > 1 else { return best.first }
        let ranked = best.map { (candidate: $0, rank: rank($0.node)) }
        return ranked.min { left, right in
            if left.candidate.pods != right.candidate.pods { return left.candidate.pods < right.candidate.pods }
            if left.rank != right.rank { return left.rank < right.rank }
            return left.candidate.node < right.candidate.node
        }?.candidate
    }

    /// FNV-1a over the name, stirred at the end so that names that differ in one character lie far apart.
    func rank(_ node: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in node.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        return hash ^ (hash >> 33)
    }
}
