import NIOCore

/// Writes HTTP/1.1 requests to one server, byte by byte as they go out.
struct RequestText: Sendable {
    /// The server's authority, for the `Host` header.
    let host: String

    func get(_ target: String) -> ByteBuffer {
        ByteBuffer(string: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n\r\n")
    }

    func send(_ method: String, _ target: String, type: String = "application/json", _ body: String) -> ByteBuffer {
        ByteBuffer(
            string:
                "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}
