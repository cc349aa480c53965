public import HTTPTransport

/// How a client behaves towards any cluster.
public struct KubernetesClientConfiguration: Sendable {
    /// Deadlines, limits and the size of the pool.
    public var http = HTTPClientConfiguration()
    /// What is sent as `User-Agent`, and taken as field manager where a write names none.
    public var userAgent = "causeway"
    /// Objects per page when a whole collection is listed. 500 is what Kubernetes' own clients take.
    public var pageSize = 500
    /// How often a request is sent again when the server says with `Retry-After` that it should be.
    public var retryLimit = 4
    /// The longest single wait that a `Retry-After` is obeyed for; a server that wants more gets its refusal passed on.
    public var longestRetryWait: Duration = .seconds(30)
    /// How long a watch may bring nothing before it counts as broken. API servers send bookmarks about every minute, so
    /// ten of them missing is no calm any more.
    public var watchSilenceLimit: Duration = .seconds(600)

    /// The defaults.
    public init() {}
}
