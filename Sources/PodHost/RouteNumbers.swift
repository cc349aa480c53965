/// The kernel's numbers for rtnetlink, as `linux/rtnetlink.h`, `linux/if_link.h` and `linux/netlink.h` define them.
enum RouteNumbers {
    static let newLink = 16
    static let deleteLink = 17
    static let newAddress = 20
    static let newRoute = 24

    static let request = 0x001
    static let acknowledge = 0x004
    static let replace = 0x100
    static let exclusive = 0x200
    static let create = 0x400
    /// The type of an answer that carries an error number, 0 for success.
    static let errorAnswer = 2
    /// The netlink protocol of links, addresses and routes.
    static let routeProtocol: Int32 = 0

    static let linkAddress = 1
    static let linkName = 3
    static let linkMaster = 10
    static let linkInfo = 18
    static let linkInfoKind = 1
    static let linkInfoData = 2
    static let linkNamespace = 28
    static let vethPeer = 1
    static let flagUp: UInt32 = 1

    static let addressWhole = 1
    static let addressLocal = 2
    static let addressBroadcast = 4

    static let routeGateway = 5
    static let mainTable: UInt8 = 254
    static let staticProtocol: UInt8 = 4
    static let universe: UInt8 = 0
    static let unicast: UInt8 = 1
}
