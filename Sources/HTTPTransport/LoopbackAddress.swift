import NIOCore

/// Tells addresses of this machine from others: HTTP without TLS is possible only between processes of one machine.
enum LoopbackAddress {
    /// Whether a host is `localhost` or a literal address of the loopback interface. Names are not looked up.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" { return true }
        guard let address = try? SocketAddress(ipAddress: host, port: 0), let text = address.ipAddress else {
            return false
        }
        return text == "::1" || text.hasPrefix("127.")
    }
}
