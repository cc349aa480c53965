/// Where a peer listens: a host name or address, and a TCP port.
public struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    /// What `--auth-url` begins with.
    public static let scheme = "tls://"

    /// A DNS name, or an IPv4 or IPv6 address without brackets.
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `tls://HOST:PORT` or `HOST:PORT`, an IPv6 address in brackets.
    ///
    /// - Returns: `nil` where the text is neither, or the port is not within 1 and 65535.
    public init?(_ text: String) {
        let rest = text.hasPrefix(Self.scheme) ? String(text.dropFirst(Self.scheme.count)) : text
        guard !rest.contains("://"), let colon = rest.lastIndex(of: ":") else { return nil }
        let number = rest[rest.index(after: colon)...]
        guard number.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(number), (1...65_535).contains(port)
        else {
            return nil
        }
        var host = String(rest[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.count <= 253, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else {
            return nil
        }
        self.init(host: host, port: port)
    }

    /// `HOST:PORT`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// `tls://HOST:PORT`.
    public var url: String { Self.scheme + description }
}
