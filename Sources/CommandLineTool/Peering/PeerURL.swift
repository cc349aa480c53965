/// Where a cluster takes peerings: `tls://HOST:PORT`, an IPv6 address in brackets.
struct PeerURL: Sendable, Hashable, CustomStringConvertible {
    private static let scheme = "tls://"

    /// Without brackets.
    let host: String
    let port: Int

    /// - Parameter text: the whole URL.
    /// - Returns: `nil` where it is not of that form. Only letters, digits, `-`, `.`, `_` and, in brackets, `:` and `%` make
    ///   a host: what is printed for a shell must mean nothing else there.
    init?(_ text: String) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        self.init(address: String(text.dropFirst(Self.scheme.count)))
    }

    /// - Parameter address: `HOST:PORT`.
    init?(address: String) {
        guard let colon = address.lastIndex(of: ":") else { return nil }
        let number = address[address.index(after: colon)...]
        guard number.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(number), (1...65_535).contains(port)
        else {
            return nil
        }
        var host = address[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
        if isBracketed { host = host.dropFirst().dropLast() }
        let others = isBracketed ? "-._:%" : "-._"
        guard (1...253).contains(host.utf8.count),
            host.utf8.allSatisfy({
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || others.utf8.contains($0)
            })
        else { return nil }
        self.host = String(host)
        self.port = port
    }

    var description: String { host.contains(":") ? "\(Self.scheme)[\(host)]:\(port)" : "\(Self.scheme)\(host):\(port)" }
}
