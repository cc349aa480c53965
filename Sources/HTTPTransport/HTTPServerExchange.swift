import NIOHTTP1

/// What the connection keeps of the request that it answers.
struct HTTPServerExchange {
    let method: HTTPMethod
    let version: HTTPVersion
    /// Whether the client wants the connection to go on.
    let keepAlive: Bool
    /// Whether this response is the connection's last; decided when its head is written.
    var isLast = true
    var isStreaming = false
    /// How much of the server's memory budget the request's body takes until its response is written.
    let chargedBytes: Int
    /// Bytes of a streamed body still to come; nil where its length is not known beforehand.
    var missingBytes: Int?
}
