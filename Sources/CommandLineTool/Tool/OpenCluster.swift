import ClusterAPI

/// A cluster that was opened, and what it is called.
struct OpenCluster: Sendable {
    let cluster: any ClusterAPI
    let target: ClusterTarget
    /// Ends the connections.
    let close: @Sendable () -> Void

    init(_ cluster: any ClusterAPI, _ target: ClusterTarget, close: @escaping @Sendable () -> Void = {}) {
        self.cluster = cluster
        self.target = target
        self.close = close
    }
}
