/// Who makes a request: the names that a client certificate or a token carries.
public struct UserIdentity: Sendable, Hashable {
    public let name: String
    public let groups: [String]
    /// Of a ServiceAccount; `nil` for others.
    public let uid: String?
    /// What else is known, such as which certificate said so (`UserInfo.extra`).
    public let extra: [String: [String]]

    public init(name: String, groups: [String], uid: String? = nil, extra: [String: [String]] = [:]) {
        self.name = name
        self.groups = groups
        self.uid = uid
        self.extra = extra
    }

    /// The key in `extra` under which the proof of a user's identity is named.
    static let credential = "authentication.kubernetes.io/credential-id"

    /// The group whose members may do everything.
    public static let administratorsGroup = "system:masters"

    public var isAdministrator: Bool { groups.contains(Self.administratorsGroup) }

    /// The cluster itself: its server, and what keeps its own objects.
    public static let cluster = UserIdentity(
        name: "system:causeway", groups: [administratorsGroup, "system:authenticated"])

    /// A part of the cluster by the name that the same part of other clusters has, as the owners of fields show it.
    public static func component(_ name: String) -> UserIdentity {
        UserIdentity(name: "system:\(name)", groups: [administratorsGroup, "system:authenticated"])
    }
}
