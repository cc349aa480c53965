/// How an embedded cluster is set up.
public struct ClusterConfiguration: Sendable {
    /// The cluster's name: of its certificates, and of the context in its kubeconfig.
    public var name: String
    /// The folder for everything that must survive: database, keys, port. Made with mode 0700 where it is missing.
    public var stateFolder: String
    /// Where the administrator's kubeconfig is written; `nil` for `admin.kubeconfig` in the state folder.
    public var kubeconfigPath: String?
    /// The address to listen on; loopback, so that nobody else reaches it unless told otherwise.
    public var host: String
    /// The port to listen on; 0 picks a free one once and keeps it.
    public var port: Int
    /// Further names and addresses under which clients reach the server, for its certificate.
    public var alternativeNames: [String]
    /// The IPv4 range of services' cluster addresses.
    public var serviceRange: String
    /// How long events are kept after they last happened. An hour, as Kubernetes keeps them: long enough to look into what
    /// went wrong, short enough that they do not fill the file.
    public var eventLifetime: Duration
    /// Whether the API is served over HTTPS too; without it only callers in the process reach the cluster.
    public var servesHTTPS: Bool
    /// How the built-in controllers work; `nil` for a cluster without them.
    public var controllers: ControllerManager.Configuration?

    public init(
        name: String, stateFolder: String, kubeconfigPath: String? = nil, host: String = "127.0.0.1", port: Int = 0,
        alternativeNames: [String] = [], serviceRange: String = "10.96.0.0/16",
        eventLifetime: Duration = .seconds(3600), servesHTTPS: Bool = true,
        controllers: ControllerManager.Configuration? = ControllerManager.Configuration()
    ) {
        self.name = name
        self.stateFolder = stateFolder
        self.kubeconfigPath = kubeconfigPath
        self.host = host
        self.port = port
        self.alternativeNames = alternativeNames
        self.serviceRange = serviceRange
        self.eventLifetime = eventLifetime
        self.servesHTTPS = servesHTTPS
        self.controllers = controllers
    }
}
