/// Where an HTTP server is: what a URL says without its query.
public struct HTTPEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Whether TLS is spoken.
    public let isSecure: Bool
    /// A name or IP address; IPv6 without brackets.
    public let host: String
    /// The TCP port, 1 to 65535.
    public let port: Int
    /// What precedes every path, percent-encoded, without a slash at its end; empty for most servers.
    public let basePath: String

    /// Makes an endpoint of its parts, which are taken as they are.
    public init(isSecure: Bool, host: String, port: Int, basePath: String = "") {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    /// Parses `http://` and `https://` URLs with a host, an optional port and an optional path.
    ///
    /// - Throws: ``HTTPTransportError`` with `invalidConfiguration`, naming the URL and what is wrong with it.
    public init(url: String) throws {
        func wrong(_ what: String) -> HTTPTransportError {
            HTTPTransportError(.invalidConfiguration, "\"\(url)\" is not a server's URL: \(what).")
        }
        guard let separator = url.firstRange(of: "://") else {
            throw wrong("it must begin with https:// or http://")
        }
        switch url[..<separator.lowerBound].lowercased() {
        case "https": isSecure = true
        case "http": isSecure = false
        default: throw wrong("only https and http are supported")
        }
        let rest = url[separator.upperBound...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0 == "@" || $0.isWhitespace }) else {
            throw wrong("it may hold a host, a port and a path only")
        }
        let authority = rest.prefix { $0 != "/" }
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path.removeLast() }
        basePath = String(path)

        let portText: Substring?
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw wrong("the bracket is not closed") }
            host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            let tail = authority[authority.index(after: bracket)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw wrong("only a port may follow the bracket") }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts[0])
            portText = parts.count > 1 ? parts[1] : nil
        }
        guard !host.isEmpty else { throw wrong("the host is missing") }
        guard let portText else {
            port = isSecure ? 443 : 80
            return
        }
        guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(portText), (1...65535).contains(number)
        else {
            throw wrong("the port must be 1 to 65535")
        }
        port = number
    }

    /// `host:port`, with brackets around IPv6, as in a Host header.
    public var authority: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The URL.
    public var description: String {
        "\(isSecure ? "https" : "http")://\(authority)\(basePath)"
    }
}
