/// The limits of a server. Everything a client sends is bounded before memory is spent on it.
public struct HTTPServerConfiguration: Sendable {
    /// Longest request target in bytes; beyond it 414. 8 KiB holds any selector that kubectl writes.
    public var maxTargetLength = 8 * 1024
    /// Most bytes of header names and values (with the target) in one request; beyond it 431. The same as Go's default
    /// in spirit, but smaller: bearer tokens are the largest thing that comes here.
    public var maxHeaderBytes = 64 * 1024
    /// Most header fields in one request; beyond it 431.
    public var maxHeaderCount = 128
    /// Largest request body in bytes; beyond it 413. 3 MiB is kube-apiserver's limit.
    public var maxBodyBytes = 3 * 1024 * 1024
    /// Largest request body in bytes of a client without a certificate; beyond it 401. Nil for the same as of others: for
    /// servers whose clients identify themselves in another way, or not at all.
    public var maxAnonymousBodyBytes: Int?
    /// Most bytes of request bodies and of responses that are not yet sent, over all connections; beyond it 503, with the
    /// request to try again in a second. 256 MiB are 85 of the largest bodies, or 30 lists of 4,000 pods that nobody reads.
    public var maxBufferedBytes = 256 * 1024 * 1024
    /// Most connections at a time; further ones are closed as they are accepted. With TLS, the oldest connection on which
    /// no client has proved who it is makes room instead, so that who only holds connections open shuts nobody out.
    public var maxConnections = 4096
    /// Most connections at a time from one address; the same happens to those beyond it. Half of all, so that one address
    /// leaves room for others; a thousand watches of one machine's clients fit.
    public var maxConnectionsPerAddress = 2048
    /// Most requests that may wait on one connection behind the one that is being answered (pipelining); reading
    /// pauses beyond it.
    public var maxPipelinedRequests = 16
    /// From the first byte of a request, or from the connection's start, to the end of its head; then 408 if something
    /// was sent and the connection closes.
    public var headTimeout: Duration = .seconds(10)
    /// From the end of a request's head to the end of its body; then 408 and the connection closes.
    public var bodyTimeout: Duration = .seconds(60)
    /// How long a connection may stay open without a request. Longer than the 90 s of Go's clients, so that they close first.
    public var idleTimeout: Duration = .seconds(120)
    /// How long a client may leave the socket full, taking less than 4 KiB, before it is cut off.
    public var writeTimeout: Duration = .seconds(30)
    /// How long the server keeps reading, and discards, after a refusal that closes the connection: an immediate close
    /// would reset the connection and destroy the refusal before the client has read it.
    public var lingerTimeout: Duration = .seconds(2)
    /// Bytes queued for a client above which a ``HTTPBodyWriter`` suspends.
    public var writeHighWaterMark = 64 * 1024

    /// The defaults.
    public init() {}
}
