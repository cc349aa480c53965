import Enrolment
public import OffloadingModel
public import PeerTransport
import Wire

/// How an agent behaves; every field but the cluster's own has a default that suits production.
public struct AgentConfiguration: Sendable, Hashable {
    /// The id of the edge cluster: a UUID.
    public var clusterID: String
    /// The edge's name, as its hubs know it and name its virtual node by.
    public var clusterName: String
    /// What the edge's virtual nodes are labelled with.
    public var labels: [String: String] = [:]
    /// The agent's version, as the hubs show it.
    public var version: String
    /// Where peerings are taken. Port 0 takes any free one.
    public var listen: PeerAddress
    /// The edge's pod network, such as `10.21.0.0/24`; empty where it is not known.
    public var podCIDR = ""
    /// The address of that network which the edge itself has, such as `10.21.0.1`; empty answers probes on loopback.
    public var gateway = ""
    /// The times and limits of connections.
    public var transport = PeerTransportConfiguration()
    /// How much of the edge each hub may use, unless its ForeignCluster says otherwise.
    public var share = EdgeShare.everything
    /// How far hubs' pods may reach for the edge's machines, unless their ForeignCluster says otherwise.
    public var podSecurity = PodSecurityLevel.baseline
    /// Which images hubs may have run, unless their ForeignCluster says otherwise.
    public var allowedImages = AllowedImages.all
    /// How many connections may be unproved.
    public var halfOpen = PeerListener.HalfOpenLimits()
    /// Pods that are made or ended at once, all hubs together.
    public var podWorkers = 8
    /// How long changes of capacity gather before they are told.
    public var advertiseDelay: Duration = .milliseconds(200)
    /// How often the cluster is asked whether it answers.
    public var healthInterval: Duration = .seconds(2)
    /// How long the cluster may take for that answer.
    public var healthTimeout: Duration = .seconds(2)
    /// How soon a pod that the cluster refused is tried again: room may have come up.
    public var refusalRetry: Duration = .seconds(30)
    /// How often tokens that are over are deleted.
    public var tokenSweepInterval: Duration = .seconds(60)
    /// How long the last answered probe makes the network count as established; the hub probes every ten seconds.
    public var probeValidity: Duration = .seconds(15)
    /// How long a peering whose certificates are revoked waits for a new enrolment, before it ends with all that ran for its
    /// hub: as long as any token lives.
    public var revokedGracePeriod: Duration = .seconds(86_400)
    /// What tells this agent's process from every other one that has its identity: made anew with each start.
    public var instance = String(UInt64.random(in: (1 << 60)...(.max)), radix: 16)
    /// How often the words about a connected hub are looked at: probes and certificates grow old without anybody saying so.
    public var statusInterval: Duration = .seconds(5)

    public init(clusterID: String, clusterName: String, version: String, listen: PeerAddress) {
        self.clusterID = clusterID
        self.clusterName = clusterName
        self.version = version
        self.listen = listen
    }

    /// What the edge calls itself in its peerings.
    var localPeer: LocalPeer {
        LocalPeer(clusterID: clusterID, clusterName: clusterName, role: .agent, version: version, instance: instance)
    }
}
