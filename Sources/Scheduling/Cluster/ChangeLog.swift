/// Which nodes changed lately, in order, so that whoever looked before need look at those only.
///
/// Positions count changes from the beginning; only the latest changes are kept.
struct ChangeLog: Sendable {
    struct Change {
        let place: Int
        /// Whether the node itself changed, came or went; against the pods on it.
        let isNode: Bool
    }

    /// The position of the oldest change that is kept.
    private(set) var start = 0
    private var changes: [Int32] = []

    /// The position after the latest change.
    var end: Int { start + changes.count }

    /// - Parameter keeping: how many changes are worth keeping; beyond, looking at all nodes is cheaper.
    mutating func append(place: Int, isNode: Bool, keeping: Int) {
        if changes.count >= 2 * keeping {
            changes.removeFirst(keeping)
            start += keeping
        }
        changes.append(Int32(truncatingIfNeeded: place << 1 | (isNode ? 1 : 0)))
    }

    /// Takes back the changes from a position on: what they did has been undone.
    mutating func undo(to position: Int) {
        // Where older changes were dropped meanwhile, whoever looked before looks at all nodes again.
        guard position >= start else { return }
        changes.removeLast(end - position)
    }

    /// The change at a position from `start` to before `end`.
    subscript(position: Int) -> Change {
        let change = changes[position - start]
        return Change(place: Int(change >> 1), isNode: change & 1 == 1)
    }
}
