/// A heap whose stale entries are passed over when they come up: what changed is put in anew, and nothing is searched for.
struct LazyHeap<Element: Comparable & Sendable>: Sendable {
    private var entries: [Element] = []

    mutating func insert(_ element: Element) {
        entries.append(element)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child] < entries[parent] else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// The least of the current entries.
    ///
    /// - Parameter current: how many entries are current, by which it is told when too many are stale.
    mutating func first(of current: Int, where isCurrent: (Element) -> Bool) -> Element? {
        if entries.count > 64, entries.count > 4 * current {
            entries.removeAll { !isCurrent($0) }
            // A sorted array is a heap.
            entries.sort()
        }
        while let first = entries.first, !isCurrent(first) {
            let last = entries.removeLast()
            guard !entries.isEmpty else { return nil }
            entries[0] = last
            sink()
        }
        return entries.first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child] < entries[least]
            {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
