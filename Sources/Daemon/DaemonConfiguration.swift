public import Logging
public import OffloadingModel

/// How a daemon is set up: the same for a hub and an agent.
public struct DaemonConfiguration: Sendable, Hashable {
    /// What runs the pods of the local nodes.
    public enum Runtime: String, Sendable, CaseIterable {
        /// Pods are processes of the machine, by the table of images.
        case process
        /// Nothing runs; for measurements of scale.
        case hollow
        /// Containers; refused until there is such a runtime.
        case podman
    }

    /// Where to find the real cluster to work on.
    public enum ClusterAccess: Sendable, Hashable {
        /// As a kubeconfig file says; `context` is `nil` for its current one.
        case kubeconfig(String, context: String?)
        /// As the service account of the pod that the daemon runs in says.
        case serviceAccount
    }

    /// The admission webhook of a hub on a real cluster.
    public struct Webhook: Sendable, Hashable {
        /// Where it listens.
        public var listen: ListenAddress
        /// Where the API server reaches it; `nil` for the Service of a hub in the cluster.
        public var url: ListenAddress?

        public init(listen: ListenAddress, url: ListenAddress?) {
            self.listen = listen
            self.url = url
        }
    }

    /// The real cluster to work on; `nil` for a daemon that brings its own, embedded one.
    public var access: ClusterAccess?
    /// The folder of everything that must survive: identity, keys, database, pods. Made where it is missing.
    public var state: String
    /// The cluster's name: a DNS label, the suffix of its virtual nodes' names elsewhere.
    public var clusterName: String
    /// The labels that the cluster's virtual nodes carry.
    public var clusterLabels: [String: String] = [:]
    /// Where the Kubernetes API listens; port 0 picks a free one once and keeps it. Loopback unless told otherwise.
    public var apiListen = ListenAddress(host: "127.0.0.1", port: 0)
    /// Where peerings are taken (agents); port 0 picks a free one once and keeps it.
    public var peerListen = ListenAddress(host: "127.0.0.1", port: 0)
    /// What peers are told to dial: `HOST:PORT`; `nil` for the address that is listened on.
    public var peerAddress: String?
    /// Where a hub on a real cluster answers for its virtual nodes; port 0 takes any free one. The address is what the
    /// cluster's API server dials.
    public var nodeListen = ListenAddress(host: "127.0.0.1", port: 0)
    /// How a real cluster's API server asks a hub about pods; `nil` where it does not, and pods are adopted.
    public var webhook: Webhook?
    /// Whether this is one of several hubs on one real cluster, of which one leads.
    public var electsLeader = false
    /// Where the administrator's kubeconfig is written; `nil` for `admin.kubeconfig` in the state folder.
    public var kubeconfig: String?
    /// The pods' network; empty for a real cluster of which it is not known.
    public var podCIDR = "10.200.0.0/16"
    /// The services' addresses.
    public var serviceCIDR = "10.96.0.0/16"
    /// How much of the cluster each hub may use (agents), unless its ForeignCluster says otherwise.
    public var share = EdgeShare.everything
    /// How long a peering whose certificates are revoked may wait for a new enrolment (agents).
    public static let revokedGracePeriods: ClosedRange<Duration> = .seconds(1) ... .seconds(8760 * 3600)
    /// How long it waits before it ends with all that ran for its hub: one of ``revokedGracePeriods``. A day, as long as any
    /// token lives, unless told otherwise.
    public var revokedGracePeriod: Duration = .seconds(86_400)
    /// How far hubs' pods may reach for the machines (agents), unless their ForeignCluster says otherwise.
    public var podSecurity = PodSecurityLevel.baseline
    /// Which images hubs may have run (agents), unless their ForeignCluster says otherwise.
    public var allowedImages = AllowedImages.all
    /// What runs the pods.
    public var runtime = Runtime.process
    /// The table that maps image names to commands, for the process runtime; `nil` for the one beside the program's folder.
    public var images: String?
    /// How many local nodes stand for this machine, from 1 to 100.
    public var localNodes = 1
    /// Settles ties between nodes that are equally good for a pod: another number makes other choices of the same worth.
    public var schedulingSeed: UInt64 = 0
    /// The least severe messages that are logged.
    public var logLevel = Logger.Level.info

    /// With the two settings that have no default.
    public init(state: String, clusterName: String) {
        self.state = state
        self.clusterName = clusterName
    }
}

/// A host and port to listen on.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets.
    public var host: String
    /// 0 picks a free port once and keeps it.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, an IPv6 address in brackets, where others may stand too; `nil` for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: host, port: port)
    }

    /// In the form that ``init(_:)`` reads.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why a daemon cannot start or go on, in words for an operator.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    /// A sentence that names what is wrong and what to do.
    public let description: String
    public init(_ description: String) { self.description = description }
}
