/// The images that nodes have, and how many have each.
struct ImageTable: Sendable {
    struct Image: Sendable {
        /// As the first node that had it said.
        let bytes: Int
        var nodes: Int
    }

    private var images: [String: Image] = [:]
    /// Changes whenever an image comes to a node or leaves one.
    private(set) var version = 0

    subscript(name: String) -> Image? { images[name] }

    mutating func change(from old: [String: Int], to new: [String: Int]) {
        guard old != new else { return }
        version += 1
        for name in old.keys where new[name] == nil {
            images[name]?.nodes -= 1
            if images[name]?.nodes == 0 { images[name] = nil }
        }
        for (name, bytes) in new where old[name] == nil {
            images[name, default: Image(bytes: bytes, nodes: 0)].nodes += 1
        }
    }
}
