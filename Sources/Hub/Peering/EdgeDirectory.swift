import Synchronization
import Wire

/// What has changed about an edge.
enum EdgeChange: Sendable, Hashable {
    /// Its connection, its state or what it says of itself.
    case status
    /// How its network answers: of interest to its ForeignCluster only.
    case measured
    /// What it runs: these items.
    case observed([ItemKey])
}

/// All edges the hub knows at run time, for everybody who decides by them.
///
/// Small and local: a lock around values. Handlers run after the lock is released, on the changing task, in no fixed order
/// with other changes: they add keys to work queues.
final class EdgeDirectory: Sendable {
    private struct State {
        var edges: [String: Edge] = [:]
        var byNode: [String: String] = [:]
        /// Those that do not answer, or have not for a while: few are looked at, often.
        var silent: Set<String> = []
        /// Those that are not on their way from one state to another.
        var settled: Set<String> = []
        var handlers: [@Sendable (String, EdgeChange) -> Void] = []
        var version = 0

        /// Notes how an edge that has changed is now.
        mutating func classify(_ name: String) {
            let edge = edges[name]
            let (isSilent, isSettled) = (edge?.isSilent ?? false, edge?.isSettled ?? false)
            if isSilent != silent.contains(name) { silent.formSymmetricDifference(CollectionOfOne(name)) }
            if isSettled != settled.contains(name) { settled.formSymmetricDifference(CollectionOfOne(name)) }
        }
    }

    private let state = Mutex(State())

    /// Those that do not answer, in the order of their names.
    var silent: [Edge] { state.withLock { state in state.silent.sorted().compactMap { state.edges[$0] } } }

    /// The names of those that are not on their way from one state to another.
    var settled: Set<String> { state.withLock { $0.settled } }

    func onChange(_ handler: @escaping @Sendable (String, EdgeChange) -> Void) {
        state.withLock { $0.handlers.append(handler) }
    }

    /// Another number whenever the status of any edge has changed, or what edges there are.
    var version: Int { state.withLock { $0.version } }

    subscript(name: String) -> Edge? { state.withLock { $0.edges[name] } }

    func edge(node: String) -> Edge? { state.withLock { state in state.byNode[node].flatMap { state.edges[$0] } } }

    var all: [Edge] { state.withLock { state in state.edges.keys.sorted().compactMap { state.edges[$0] } } }

    /// Those of which something is true, in the order of their names; cheaper than all where they are few.
    func all(where isMeant: (Edge) -> Bool) -> [Edge] {
        state.withLock { $0.edges.values.filter(isMeant) }.sorted { $0.name < $1.name }
    }

    /// How many there are of which something is true.
    func count(where isMeant: (Edge) -> Bool) -> Int { state.withLock { $0.edges.values.count(where: isMeant) } }

    func put(_ edge: Edge) {
        state.withLock { state in
            state.version += 1
            state.edges[edge.name] = edge
            state.classify(edge.name)
            // Another edge may claim the same node's name: the pods there stay the first one's.
            let owner = state.byNode[edge.node].flatMap { state.edges[$0] }
            if owner?.node != edge.node { state.byNode[edge.node] = edge.name }
        }
        tell(edge.name, .status)
    }

    func remove(_ name: String) {
        let isGone = state.withLock { state -> Bool in
            guard let edge = state.edges.removeValue(forKey: name) else { return false }
            state.version += 1
            state.classify(name)
            guard state.byNode[edge.node] == name else { return true }
            state.byNode[edge.node] = state.edges.keys.sorted().first { state.edges[$0]?.node == edge.node }
            return true
        }
        if isGone { tell(name, .status) }
    }

    /// Changes an edge and tells of it; nothing where it is not known.
    func update(_ name: String, _ change: EdgeChange = .status, _ body: (inout Edge) -> Void) {
        let isKnown = state.withLock { state -> Bool in
            guard state.edges[name] != nil else { return false }
            if change == .status { state.version += 1 }
            body(&state.edges[name, default: Edge(name: name, clusterID: "", node: "")])
            state.classify(name)
            return true
        }
        if isKnown { tell(name, change) }
    }

    private func tell(_ name: String, _ change: EdgeChange) {
        for handler in state.withLock({ $0.handlers }) { handler(name, change) }
    }
}
