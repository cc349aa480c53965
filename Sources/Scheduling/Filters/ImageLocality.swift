/// Prefers nodes that have the pod's images already, large ones above all, but not so much where few nodes have them.
struct ImageLocality: NodeScore {
    static let name = "ImageLocality"
    static let weight = 1
    private static let megabyte = 1 << 20
    /// Images smaller than this together make no difference.
    private static let leastBytes = 23 * megabyte
    /// What counts at most for a container.
    private static let mostBytes = 1000 * megabyte

    private let containers: Int
    /// The bytes that each image counts for, on a node that has it, by its normalised name.
    private let worth: [(image: String, bytes: Int)]

    init(_ pod: PendingPod, _ snapshot: ClusterSnapshot) {
        containers = pod.template.images.count
        worth = pod.template.images.compactMap { image in
            guard let known = snapshot.images[image] else { return nil }
            // An image that few nodes have would draw all its pods to them.
            let share = Double(known.nodes) / Double(max(1, snapshot.nodeCount))
            return (image, Int(Double(known.bytes) * share))
        }
    }

    /// Whether no node has any of the images.
    var isIdle: Bool { worth.isEmpty }

    func scores(of entries: [SnapshotNode]) -> [Int]? {
        isIdle ? nil : entries.map { score(of: $0) }
    }

    func score(of entry: SnapshotNode) -> Int {
        guard !isIdle else { return 0 }
        let bytes = worth.reduce(0) { $0 + (entry.node.images[$1.image] == nil ? 0 : $1.bytes) }
        let most = Self.mostBytes * containers
        let counted = min(max(bytes, Self.leastBytes), most)
        return highestScore * (counted - Self.leastBytes) / (most - Self.leastBytes)
    }

    /// An image's name with the tag that it has when it names none.
    static func normalized(_ image: String) -> String {
        let last = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return last.contains(":") ? image : image + ":latest"
    }
}
