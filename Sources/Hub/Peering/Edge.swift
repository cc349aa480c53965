import OffloadingModel
import PeerTransport
import Scheduling
import Wire

/// What the hub knows at run time of one edge: of its connection, of what it says, of what it runs.
struct Edge: Sendable {
    /// The ForeignCluster's name.
    let name: String
    let clusterID: String
    /// The virtual node's name.
    let node: String
    var state: EdgeState
    /// Whether an outgoing peering is wanted: it holds namespaces and takes pods.
    var isWanted = false
    /// Whether the agent answers now.
    var isConnected = false
    /// The last thing the edge said of itself.
    var advertisement: AdvertiseMessage?
    /// The labels of the virtual node, by which selectors pick the edge.
    var labels: [String: String] = [:]
    /// What the edge runs, as it said last. The same copy for all who hold this value: what is read is what is said now.
    private(set) var observed = ObservedCopy()
    /// How its remote namespaces stand, by their names on the edge.
    private(set) var namespaces: [String: RemoteNamespaceState] = [:]
    /// Whether `observed` has been whole since the hub started: before, an item that is missing may exist.
    var isObservedComplete = false
    /// Since when the edge has not answered; on the hub's own monotonic clock, never from before the hub's start.
    var silentSince: ContinuousClock.Instant?
    /// Since when it counts as Disconnected: when its namespaces' grace periods begin.
    var disconnectedSince: ContinuousClock.Instant?
    /// Since when the peering is being withdrawn.
    var withdrawnSince: ContinuousClock.Instant?
    var authentication = PeeringCondition(.pending, "NotTried")
    /// Why the last attempt to reach the edge failed; `nil` once it is connected.
    var lastFailure: PeerDialError?
    var network = PeeringCondition(.none, "NotTried")
    var roundTripTime: Duration?
    var agentVersion = ""
    /// The last other agent that came with this edge's identity; `nil` where none did lately.
    var duplicate: DuplicateAgent?
    /// When the hub's certificate for this edge ends, in seconds since 1970; 0 while there is none.
    var certificateNotAfter: Int64 = 0

    init(name: String, clusterID: String, node: String, state: EdgeState = .joining) {
        self.name = name
        self.clusterID = clusterID
        self.node = node
        self.state = state
    }

    /// The edge as the offloading of namespaces sees it.
    var view: EdgeView {
        EdgeView(
            name: name, clusterID: clusterID, labels: labels, isActive: isWanted && advertisement != nil,
            isConnected: isConnected, namespaces: namespaces)
    }

    /// Takes over what is known of the edge, its namespaces too where they may have changed.
    mutating func observe(_ copy: ObservedCopy, withNamespaces: Bool) {
        observed = copy
        if withNamespaces { namespaces = copy.namespaces }
    }

    /// What a connected edge is: Degraded where its agent says that its cluster does not answer.
    var stateByAdvertisement: EdgeState {
        let ready = advertisement?.conditions.first { $0.type == "Ready" }
        return ready?.status == "False" ? .degraded : .ready
    }

    /// Whether it does not answer, or has not answered for a while.
    var isSilent: Bool { !isConnected || silentSince != nil }

    /// Whether it is not on its way from one state to another: it is ready, or has been away for so long that nobody counts on
    /// it.
    var isSettled: Bool {
        switch state {
        case .ready: isConnected
        case .lost, .left: true
        case .joining, .suspect, .disconnected, .draining, .degraded: false
        }
    }

    /// A withdrawal is called off, or a peering taken up again: the edge is what its connection shows at this moment.
    mutating func resume() {
        guard state == .draining || state == .left else { return }
        withdrawnSince = nil
        state = isConnected ? stateByAdvertisement : .suspect
    }

    /// For how long the edge has not answered; zero while it does.
    ///
    /// An edge that was never heard has been silent since it became known.
    func silence(at now: ContinuousClock.Instant) -> Duration {
        isConnected ? .zero : silentSince.map { now - $0 } ?? .zero
    }
}
