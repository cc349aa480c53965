import Glibc
import PodHost
import PodRecords

/// The network of the pod being set up, begun in the host's network namespace and finished in the pod's.
///
/// The kernel removes the pod's interfaces with the last process of its namespace: nothing is left to clean up.
final class PodNetwork {
    private let plan: NetworkPlan
    /// The host's side: a socket and the namespace's descriptor, opened before the pod's namespace was entered.
    private var host: RouteSocket?
    private let hostNamespace: Int32
    private let bridge: Int32

    /// To be called in the host's network namespace.
    init(_ plan: NetworkPlan) throws {
        self.plan = plan
        if case .bridged(let attachment) = plan {
            let index = RouteSocket.index(of: attachment.bridge)
            guard index > 0 else {
                throw SystemError("find the cluster's bridge \(attachment.bridge)", code: ENODEV)
            }
            let namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
            guard namespace >= 0 else { throw SystemError.last("open the host's network namespace") }
            bridge = index
            hostNamespace = namespace
            host = try RouteSocket()
        } else {
            bridge = 0
            hostNamespace = -1
            host = nil
        }
    }

    /// Whether the pod gets a network namespace of its own.
    var isOwnNamespace: Bool {
        switch plan {
        case .bridged, .isolated: true
        case .host: false
        }
    }

    /// To be called in the pod's network namespace.
    func setUp() throws {
        guard isOwnNamespace else { return }
        var pod = try RouteSocket()
        try pod.bringUp("lo")
        guard case .bridged(let attachment) = plan, host != nil else { return }
        guard let address = IPv4Address(attachment.address), let gateway = IPv4Address(attachment.gateway) else {
            throw SystemError("read the address \(attachment.address) or \(attachment.gateway)", code: EINVAL)
        }
        // The kernel takes down a dead pod's interfaces in its own time: one of the same name may still be there.
        try host?.removeLink(attachment.hostInterface)
        try pod.makePair(
            "eth0", hardwareAddress: address.hardwareAddress, peer: attachment.hostInterface, inNamespace: hostNamespace
        )
        close(hostNamespace)
        try host?.bringUp(attachment.hostInterface, bridge: bridge)
        try pod.addAddress(address, prefixLength: attachment.prefixLength, toLink: RouteSocket.index(of: "eth0"))
        try pod.bringUp("eth0")
        try pod.addDefaultRoute(through: gateway)
    }
}
