import Glibc

/// A connection to the kernel's rtnetlink, of the network namespace in which it was opened.
///
/// Links, addresses and routes are made by single requests, each answered by the kernel with success or an error.
public struct RouteSocket: ~Copyable {
    private let file: Int32
    private var sequence: UInt32 = 0

    public init() throws(SystemError) {
        file = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), RouteNumbers.routeProtocol)
        guard file >= 0 else { throw .last("open a netlink socket") }
    }

    deinit { close(file) }

    /// Sends a request and waits for the kernel's word on it.
    mutating func perform(_ message: NetlinkMessage, _ operation: String) throws(SystemError) {
        sequence += 1
        let request = message.encoded(sequence: sequence)
        guard send(file, request, request.count, 0) == request.count else { throw .last(operation) }
        var answer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = recv(file, &answer, answer.count, 0)
            if count < 0, errno == EINTR { continue }
            // A header of 16 bytes and the error number.
            guard count >= 20 else { throw .last(operation) }
            let (type, answered, code) = answer.withUnsafeBytes {
                (
                    $0.loadUnaligned(fromByteOffset: 4, as: UInt16.self),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self),
                    $0.loadUnaligned(fromByteOffset: 16, as: Int32.self)
                )
            }
            guard answered == sequence, type == UInt16(RouteNumbers.errorAnswer) else { continue }
            guard code == 0 else { throw SystemError(operation, code: -code) }
            return
        }
    }

    /// Makes a bridge; one that is there already is fine.
    public mutating func makeBridge(_ name: String) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.newLink, flags: RouteNumbers.create | RouteNumbers.exclusive)
        message.appendLink()
        message.attribute(RouteNumbers.linkName, name)
        message.nest(RouteNumbers.linkInfo) { $0.attribute(RouteNumbers.linkInfoKind, Array("bridge".utf8)) }
        do { try perform(message, "make the bridge \(name)") } catch {
            guard error.code == EEXIST else { throw error }
        }
    }

    /// Makes a pair of connected interfaces: `name` with `hardwareAddress` here, `peer` in the namespace of the descriptor.
    public mutating func makePair(
        _ name: String, hardwareAddress: [UInt8], peer: String, inNamespace namespace: Int32
    ) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.newLink, flags: RouteNumbers.create | RouteNumbers.exclusive)
        message.appendLink()
        message.attribute(RouteNumbers.linkName, name)
        message.attribute(RouteNumbers.linkAddress, hardwareAddress)
        message.nest(RouteNumbers.linkInfo) {
            $0.attribute(RouteNumbers.linkInfoKind, Array("veth".utf8))
            $0.nest(RouteNumbers.linkInfoData) {
                $0.nest(RouteNumbers.vethPeer) {
                    $0.appendLink()
                    $0.attribute(RouteNumbers.linkName, peer)
                    $0.attribute(RouteNumbers.linkNamespace, UInt32(bitPattern: namespace))
                }
            }
        }
        try perform(message, "make the interfaces \(name) and \(peer)")
    }

    /// Removes a link; one that is not there is fine.
    public mutating func removeLink(_ name: String) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.deleteLink)
        message.appendLink()
        message.attribute(RouteNumbers.linkName, name)
        do { try perform(message, "remove the interface \(name)") } catch {
            guard error.code == ENODEV else { throw error }
        }
    }

    /// Brings a link up, as a port of `bridge` (an interface index) unless that is 0.
    public mutating func bringUp(_ name: String, bridge: Int32 = 0) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.newLink)
        message.appendLink(flags: RouteNumbers.flagUp, change: RouteNumbers.flagUp)
        message.attribute(RouteNumbers.linkName, name)
        if bridge > 0 { message.attribute(RouteNumbers.linkMaster, UInt32(bridge)) }
        try perform(message, "bring up the interface \(name)")
    }

    /// Adds an IPv4 address to the link with this index; one that is there already is fine.
    public mutating func addAddress(
        _ address: IPv4Address, prefixLength: Int, toLink index: Int32
    ) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.newAddress, flags: RouteNumbers.create | RouteNumbers.replace)
        message.append(UInt8(AF_INET))
        message.append(UInt8(prefixLength))
        message.append(UInt8(0))
        message.append(RouteNumbers.universe)
        message.append(index)
        message.attribute(RouteNumbers.addressLocal, address.bytes)
        message.attribute(RouteNumbers.addressWhole, address.bytes)
        message.attribute(RouteNumbers.addressBroadcast, address.last(ofPrefix: prefixLength).bytes)
        try perform(message, "add the address \(address)/\(prefixLength)")
    }

    /// Routes all else through the gateway.
    public mutating func addDefaultRoute(through gateway: IPv4Address) throws(SystemError) {
        var message = NetlinkMessage(type: RouteNumbers.newRoute, flags: RouteNumbers.create | RouteNumbers.replace)
        message.append(UInt8(AF_INET))
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(RouteNumbers.mainTable)
        message.append(RouteNumbers.staticProtocol)
        message.append(RouteNumbers.universe)
        message.append(RouteNumbers.unicast)
        message.append(UInt32(0))
        message.attribute(RouteNumbers.routeGateway, gateway.bytes)
        try perform(message, "route through \(gateway)")
    }

    /// The index of an interface of this process's own network namespace; 0 where there is none.
    public static func index(of name: String) -> Int32 { Int32(bitPattern: if_nametoindex(name)) }
}
