/// How the process runtime of one cluster works.
public struct ProcessRuntimeConfiguration: Sendable {
    /// Where the pods' folders are; made if missing. Also what tells this cluster's bridge from others on the machine.
    public var folder: String
    /// The cluster's pod network, IPv4, such as `10.202.0.0/16`; the first address is the machine's.
    public var podCIDR: String
    /// The file of the image table; read again when it changes.
    public var imageTable: String
    /// The program `causeway-supervisor`.
    public var supervisor: String
    /// The version that nodes show behind `process://`.
    public var version: String
    /// Where programs without a path are looked for, as `PATH` has it.
    public var searchPath: String
    /// Whether to do without namespaces and bridge although they could be made; for tests.
    public var usesHostNetwork: Bool

    public init(
        folder: String, podCIDR: String, imageTable: String, supervisor: String, version: String = "0.1.0",
        searchPath: String = standardSearchPath, usesHostNetwork: Bool = false
    ) {
        self.folder = folder
        self.podCIDR = podCIDR
        self.imageTable = imageTable
        self.supervisor = supervisor
        self.version = version
        self.searchPath = searchPath
        self.usesHostNetwork = usesHostNetwork
    }

    public static let standardSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}
