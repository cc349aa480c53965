/// The clusters, users and contexts of one or several kubeconfig files, merged as kubectl merges them.
///
/// Holds what the files say; ``connection(context:cluster:user:)`` makes it usable. Unknown fields are ignored, as kubectl
/// does. Secrets are part of the values: never log them.
public struct Kubeconfig: Sendable {
    /// Something given in the file itself or by the path of another file.
    public enum Material: Sendable, Hashable {
        /// Decoded from the `…-data` field.
        case data([UInt8])
        /// An absolute path, or one relative to the working directory if the kubeconfig was found so.
        case file(String)
    }

    /// Where a value stands, for errors about it.
    public struct Place: Sendable, Hashable {
        /// The kubeconfig file.
        public let file: String
        /// The line of the entry, counted from 1, where it is known.
        public let line: Int?
        /// The path of the entry, such as `users[admin].user`.
        public let field: String

        func error(_ key: String, _ problem: String) -> KubeconfigError {
            KubeconfigError(file: file, line: line, field: key.isEmpty ? field : "\(field).\(key)", problem)
        }
    }

    /// How to reach a cluster.
    public struct Cluster: Sendable, Hashable {
        public let place: Place
        /// The API server's URL; empty if the file has none.
        public let server: String
        /// Whom to believe; nil for the system's authorities.
        public let certificateAuthority: Material?
        /// The name that the server's certificate is checked for; nil for the URL's host.
        public let tlsServerName: String?
        let skipsVerification: Bool
        let proxyURL: String?
    }

    /// How to prove who one is.
    public struct User: Sendable, Hashable {
        public let place: Place
        public let clientCertificate: Material?
        public let clientKey: Material?
        public let token: String?
        public let tokenFile: String?
        /// The program that gives credentials.
        let exec: ExecPlugin.Specification?
        /// Whether that program wants to be told of the cluster.
        let tellsCluster: Bool
        /// Ways to authenticate that are not supported here: the field, and what to say about it.
        let unsupported: [String: String]
    }

    /// A cluster with a user and a default namespace.
    public struct Context: Sendable, Hashable {
        public let place: Place
        public let cluster: String
        /// Empty for an anonymous user.
        public let user: String
        public let namespace: String?
    }

    /// The files that were read, in order.
    public internal(set) var files: [String] = []
    /// The context to use by default; empty if no file says.
    public internal(set) var currentContext = ""
    public internal(set) var clusters: [String: Cluster] = [:]
    public internal(set) var users: [String: User] = [:]
    public internal(set) var contexts: [String: Context] = [:]

    /// An empty configuration.
    public init() {}

    /// Adds what another file says: what is there already stays.
    mutating func merge(_ other: Kubeconfig) {
        files += other.files
        if currentContext.isEmpty { currentContext = other.currentContext }
        clusters.merge(other.clusters) { first, _ in first }
        users.merge(other.users) { first, _ in first }
        contexts.merge(other.contexts) { first, _ in first }
    }
}
