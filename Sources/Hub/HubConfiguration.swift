import Enrolment
public import PeerTransport
import Wire

/// How the hub behaves; every field has a default that suits production.
public struct HubConfiguration: Sendable, Hashable {
    /// The id of the origin cluster: a UUID.
    public var clusterID: String
    /// The name of the origin cluster, as the edges show it and as remote namespaces are named by it.
    public var clusterName: String
    /// The hub's version, as the edges and the virtual nodes show it.
    public var version: String
    /// Where edges that join are taken; port 0 takes any free one. `nil` takes none: all edges are dialled.
    public var listen: PeerAddress?
    /// How many connections of edges may be unproved.
    public var halfOpen = PeerListener.HalfOpenLimits()
    /// How often tokens that are over are deleted.
    public var tokenSweepInterval: Duration = .seconds(60)
    /// Whether the cluster's own controllers would end pods whose edge is away; see ``AbsenceTolerations``.
    public var extendsTolerations = false
    /// How often the leases of the virtual nodes are renewed: as kubelets do, unless told. Only a real cluster's controllers
    /// go by them; an embedded one leaves virtual nodes to the hub.
    public var leaseInterval: Duration = .seconds(10)
    /// What the virtual nodes give as their kubelet's address: where the hub can be reached from the origin.
    public var nodeAddress = "127.0.0.1"
    /// The port of that endpoint.
    public var nodePort = 10250
    /// How long a withdrawal waits for the edge to confirm that everything is gone, before it ends without it: an edge that
    /// is away must not hold up anybody.
    public var withdrawalDeadline: Duration = .seconds(20)
    /// From when an edge fell silent, or its connection was lost, until it is Lost rather than Disconnected.
    public var lostAfter: Duration = .seconds(300)
    /// When silence of many edges counts as the hub's own fault.
    var stormGuard = StormGuard()
    /// How long an edge may be silent before a withdrawal goes on without it: a connection that has just broken is most often
    /// back at once, and so is a hub that was started anew.
    public var withdrawalPatience: Duration = .seconds(4)
    /// The longest wait between two attempts to tell an edge that its peering is over.
    public var farewellInterval: Duration = .seconds(30)
    /// How long an edge's connection may take to show that it lives when another one with the same identity comes.
    public var duplicateCheck: Duration = .seconds(2)
    /// How long the edge's condition tells of another agent with its identity after that one came last.
    public var duplicateNotice: Duration = .seconds(600)
    /// Between probes of the edge's pod network. Whether the edge is there at all is known sooner, by the connection's own
    /// pings: probes only tell that streams reach the pods, and a thousand edges have to be asked.
    public var probeInterval: Duration = .seconds(10)
    /// Probes in a row that may fail before NETWORKING is no longer Established.
    public var probeLosses = 3

    public init(clusterID: String, clusterName: String, version: String) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.version = version
    }

    /// What the hub calls itself in its peerings.
    var localPeer: LocalPeer {
        LocalPeer(clusterID: clusterID, clusterName: clusterName, role: .hub, version: version)
    }
}
