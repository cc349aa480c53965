/// An HTTP proxy that connects to peers by CONNECT (RFC 9110, section 9.3.6). Its description leaves the password out.
public struct HTTPProxy: Sendable, Hashable, CustomStringConvertible {
    public let address: PeerAddress
    /// `USER:PASSWORD`; `nil` where the proxy asks for none. A secret.
    let credentials: String?

    public init(_ address: PeerAddress) {
        self.address = address
        credentials = nil
    }

    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`, the scheme optional; port 80 unless told.
    ///
    /// - Returns: `nil` for anything else. Proxies that are themselves reached over TLS (`https://`) are not supported.
    public init?(_ text: String) {
        var rest = Substring(text)
        if let scheme = rest.range(ofScheme: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = rest[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            guard let decoded = Self.percentDecoded(rest[..<at]), decoded.contains(":") else { return nil }
            credentials = decoded
            rest = rest[rest.index(after: at)...]
        }
        guard let address = PeerAddress(String(rest)) ?? PeerAddress("\(rest):80") else { return nil }
        self.address = address
        self.credentials = credentials
    }

    /// Whether the text names a user: such a secret belongs into the daemon's environment, not into an object.
    public var hasCredentials: Bool { credentials != nil }

    public var description: String { "http://\(address)" }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        // No line breaks: what is said to the proxy is lines.
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Substring {
    fileprivate func range(ofScheme separator: String) -> Range<Index>? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(separator) { return place..<index(place, offsetBy: separator.count) }
            place = index(after: place)
        }
        return nil
    }
}

/// Which way a peer is dialled.
public enum ProxyChoice: Sendable, Hashable {
    /// As the daemon's environment says.
    case automatic
    /// Without a proxy.
    case direct
    case proxy(HTTPProxy)

    /// Reads `direct`, a proxy's URL without credentials, or an empty text for ``automatic``.
    ///
    /// - Returns: `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "": self = .automatic
        case "direct": self = .direct
        default:
            guard let proxy = HTTPProxy(text), !proxy.hasCredentials else { return nil }
            self = .proxy(proxy)
        }
    }
}
