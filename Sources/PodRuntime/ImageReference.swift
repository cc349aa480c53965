/// The name of an image, in the short form in which people write it.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// Without Docker Hub's own prefixes: `nginx`, `nginxdemos/hello`, `registry.k8s.io/pause`.
    public let repository: String
    /// `nil` where the name has none, which means `latest`.
    public let tag: String?

    /// Splits a name; a digest (`@sha256:…`) is dropped, for the image table knows none.
    public init(_ text: some StringProtocol) {
        var name = String(text.prefix { $0 != "@" })
        // A colon before the last slash belongs to a registry's port.
        let afterSlash = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[afterSlash...].lastIndex(of: ":") {
            tag = String(name[name.index(after: colon)...])
            name = String(name[..<colon])
        } else {
            tag = nil
        }
        for prefix in ["docker.io/", "index.docker.io/", "registry-1.docker.io/"] where name.hasPrefix(prefix) {
            name.removeFirst(prefix.count)
            break
        }
        if name.hasPrefix("library/") { name.removeFirst("library/".count) }
        repository = name
    }

    public var description: String { tag.map { "\(repository):\($0)" } ?? repository }
}
