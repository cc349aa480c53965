/// The subject or issuer of a certificate: its attributes in the order they are written.
public struct DistinguishedName: Hashable, Sendable {
    /// One attribute: OpenSSL's short name of its type (`CN`, `O`, …; a dotted number when unknown) and its value.
    public struct Attribute: Hashable, Sendable {
        public let type: String
        public let value: String

        public init(type: String, value: String) {
            self.type = type
            self.value = value
        }
    }

    /// All attributes, also those that Causeway gives no meaning.
    public let attributes: [Attribute]

    public init(attributes: [Attribute]) { self.attributes = attributes }

    /// The name that Causeway writes: the organizations first, then the common name.
    public init(commonName: String, organizations: [String] = []) {
        attributes =
            organizations.map { Attribute(type: "O", value: $0) } + [Attribute(type: "CN", value: commonName)]
    }

    /// The last common name, which Kubernetes reads as the user's name; empty when there is none.
    public var commonName: String {
        attributes.last { $0.type == "CN" }?.value ?? ""
    }

    /// All organizations, which Kubernetes reads as the user's groups.
    public var organizations: [String] {
        attributes.filter { $0.type == "O" }.map(\.value)
    }
}

extension DistinguishedName: CustomStringConvertible {
    /// The attributes for people and logs, such as `O=system:masters, CN=kubernetes-admin`. Not for comparing.
    public var description: String {
        attributes.map { "\($0.type)=\($0.value)" }.joined(separator: ", ")
    }
}
