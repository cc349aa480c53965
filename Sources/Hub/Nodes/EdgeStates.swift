import Scheduling
import Synchronization

/// The states of the edges as they were told last, so that only their changes are.
final class EdgeStates: Sendable {
    private struct Told: Equatable {
        let node: String
        let state: EdgeState
    }

    private let told = Mutex<[String: Told]>([:])

    /// Takes over how an edge is now; `nil` for one that is not known any more.
    ///
    /// - Returns: the edge's node where that is new, `nil` where it is not.
    func take(_ name: String, _ edge: Edge?) -> String? {
        told.withLock { told in
            let new = edge.map { Told(node: $0.node, state: $0.state) }
            guard new != told[name] else { return nil }
            defer { told[name] = new }
            return new?.node ?? told[name]?.node
        }
    }
}
