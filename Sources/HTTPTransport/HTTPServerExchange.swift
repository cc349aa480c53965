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
}
