import Digests
import PodHost
import PodRecords

/// The pod network of one cluster on this machine. All names derive from the cluster, so that several share a machine.
struct ClusterNetwork: Sendable {
    enum Mode: String, Sendable, Hashable {
        /// A bridge, and a network namespace for each pod: pods have addresses that the machine and the cluster's other pods reach.
        case bridged
        /// A network namespace for each pod without a way out: without root.
        case isolated
        /// The machine's own network: where not even user namespaces may be made.
        case host
    }

    let mode: Mode
    let bridge: String
    let gateway: IPv4Address
    let prefixLength: Int
    private let identity: String

    /// - Parameter identity: what tells this cluster from others on the machine, such as its state folder.
    init(mode: Mode, identity: String, pool: AddressPool) {
        self.mode = mode
        self.identity = identity
        bridge = Self.bridgeName(identity: identity)
        gateway = pool.gateway
        prefixLength = pool.prefixLength
    }

    static func bridgeName(identity: String) -> String { "cw" + Hex.encode(SHA256.hash(identity.utf8)).prefix(8) }

    /// What pods see as their machine's address.
    var hostAddress: String { mode == .bridged ? gateway.description : "127.0.0.1" }

    var isolation: Isolation {
        switch mode {
        case .bridged: .privileged
        case .isolated: .userNamespace
        case .host: .none
        }
    }

    /// Without a network of its own a pod's address is the loopback address that differs from its own in the first number
    /// only: 10.202.0.5 becomes 127.202.0.5.
    func plan(for address: IPv4Address, uid: String) -> NetworkPlan {
        let loopback = IPv4Address(number: address.number & 0x00FF_FFFF | 127 << 24).description
        return switch mode {
        case .bridged:
            .bridged(
                BridgeAttachment(
                    bridge: bridge, hostInterface: "cp" + Hex.encode(SHA256.hash((identity + uid).utf8)).prefix(13),
                    address: address.description, prefixLength: prefixLength, gateway: gateway.description))
        case .isolated: .isolated(address: loopback)
        case .host: .host(address: loopback)
        }
    }

    /// Makes the bridge with the gateway's address; what is there already stays.
    func setUp() throws(PodRuntimeError) {
        guard mode == .bridged else { return }
        do throws(SystemError) {
            var routes = try RouteSocket()
            try routes.makeBridge(bridge)
            try routes.bringUp(bridge)
            try routes.addAddress(gateway, prefixLength: prefixLength, toLink: RouteSocket.index(of: bridge))
        } catch {
            throw PodRuntimeError(
                .unavailable,
                "the pod network \(gateway)/\(prefixLength) on \(bridge) cannot be made: \(error); "
                    + "another interface may have these addresses: choose another pod CIDR")
        }
    }
}
