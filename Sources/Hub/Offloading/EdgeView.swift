/// What the offloading of namespaces needs to know of one edge.
struct EdgeView: Sendable, Hashable {
    /// The ForeignCluster's name.
    var name: String
    var clusterID: String
    /// The labels of its virtual node, by which selectors pick it.
    var labels: [String: String]
    /// Whether the peering is wanted and was established: only such edges hold namespaces.
    var isActive: Bool
    /// Whether the agent answers now.
    var isConnected: Bool
    /// What the edge said of each remote namespace, by its name there.
    var namespaces: [String: RemoteNamespaceState]

    /// The name under which statuses list the edge: unlike the name alone it tells a peering from its successor.
    var statusKey: String { "\(name)-\(clusterID.filter(\.isHexDigit).prefix(6))" }
}

/// How a remote namespace stands.
struct RemoteNamespaceState: Sendable, Hashable {
    enum Phase: String, Sendable {
        case creating = "Creating"
        case ready = "Ready"
        /// A namespace of that name exists and is not ours: nothing of it is touched.
        case conflict = "Conflict"
        case terminating = "Terminating"
        case failed = "Failed"
    }

    var phase: Phase
    var message: String
}
