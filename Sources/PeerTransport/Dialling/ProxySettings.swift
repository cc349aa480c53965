/// Which peers are dialled through a proxy, as a process's environment says: `HTTPS_PROXY`, and `NO_PROXY` with the exceptions.
///
/// The rules are those of most programs: lower-case names count first; an exception is a host (with everything below it), a
/// `.domain` (only what is below it), an address, a network such as `10.0.0.0/8`, any of them with `:PORT`, or `*` for all.
/// This machine itself is never dialled through a proxy.
public struct ProxySettings: Sendable, Hashable {
    /// `nil` where everything is dialled directly.
    public var proxy: HTTPProxy?
    private var exceptions: [Exception] = []

    public static let none = ProxySettings()

    init(proxy: HTTPProxy? = nil) { self.proxy = proxy }

    /// - Throws: ``ProxySettingsError`` for a proxy that cannot be used.
    public init(environment: [String: String]) throws(ProxySettingsError) {
        func value(_ name: String) -> String? {
            [name.lowercased(), name].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        guard let text = value("HTTPS_PROXY") else { return }
        // The text may hold a password: it is not repeated.
        guard let proxy = HTTPProxy(text) else { throw ProxySettingsError() }
        self.proxy = proxy
        exceptions = (value("NO_PROXY") ?? "").split { $0 == "," || $0.isWhitespace }.compactMap { Exception($0) }
    }

    /// The proxy for a peer; `nil` to dial it directly.
    public func proxy(for peer: PeerAddress) -> HTTPProxy? {
        guard let proxy, !Self.isThisMachine(peer.host), !exceptions.contains(where: { $0.covers(peer) }) else {
            return nil
        }
        return proxy
    }

    private static func isThisMachine(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        guard let bytes = IPAddressBytes(host)?.bytes else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    /// One entry of `NO_PROXY`.
    private struct Exception: Sendable, Hashable {
        enum Hosts: Sendable, Hashable {
            case all
            /// The name itself, where it is included, and everything below it.
            case domain(String, includesItself: Bool)
            case network([UInt8], bits: Int)
        }

        let hosts: Hosts
        let port: Int?

        init?(_ text: Substring) {
            var text = text
            var port: Int?
            // A colon is of a port, unless there are more: then it is of an IPv6 address, or stands behind its bracket.
            if let colon = text.lastIndex(of: ":"),
                text.filter({ $0 == ":" }).count == 1 || text[..<colon].hasSuffix("]")
            {
                guard let number = Int(text[text.index(after: colon)...]) else { return nil }
                port = number
                text = text[..<colon]
            }
            if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
            self.port = port
            let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            if text == "*" {
                hosts = .all
            } else if let address = IPAddressBytes(String(parts.first ?? ""))?.bytes {
                let bits = parts.count == 2 ? Int(parts[1]) ?? -1 : address.count * 8
                guard (0...address.count * 8).contains(bits) else { return nil }
                hosts = .network(address, bits: bits)
            } else {
                var name = text.lowercased()
                if name.hasPrefix("*.") { name.removeFirst() }
                let isBelow = name.hasPrefix(".")
                if isBelow { name.removeFirst() }
                guard !name.isEmpty else { return nil }
                hosts = .domain(name, includesItself: !isBelow)
            }
        }

        func covers(_ peer: PeerAddress) -> Bool {
            guard port == nil || port == peer.port else { return false }
            switch hosts {
            case .all: return true
            case .domain(let name, let includesItself):
                let host = peer.host.lowercased()
                return host.hasSuffix(".\(name)") || includesItself && host == name
            case .network(let address, let bits):
                guard let bytes = IPAddressBytes(peer.host)?.bytes, bytes.count == address.count else { return false }
                return (0..<bits).allSatisfy { bit in
                    (bytes[bit / 8] ^ address[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
                }
            }
        }
    }
}

/// The environment names a proxy that cannot be used.
public struct ProxySettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Says what to do. Never holds the proxy's URL, which may have a password.
    public var description: String {
        "HTTPS_PROXY is not of the form http://[USER:PASSWORD@]HOST:PORT: correct it, or unset it to dial peers directly"
    }
}
