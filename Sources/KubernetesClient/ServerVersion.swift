public import JSONTree

/// What an API server says of itself at `/version`.
public struct ServerVersion: Sendable, Hashable {
    /// Such as `1`.
    public let major: String
    /// Such as `36` or `36+`.
    public let minor: String
    /// Such as `v1.36.4`.
    public let gitVersion: String
    /// Such as `linux/amd64`.
    public let platform: String

    /// Reads the document; what is missing is empty.
    public init(_ json: JSON) {
        major = json["major"]?.string ?? ""
        minor = json["minor"]?.string ?? ""
        gitVersion = json["gitVersion"]?.string ?? ""
        platform = json["platform"]?.string ?? ""
    }
}
