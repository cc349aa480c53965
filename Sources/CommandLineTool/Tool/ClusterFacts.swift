import OffloadingModel

/// What a cluster's daemons say of it: one, or a hub and an agent, by which it is origin and edge at once.
struct ClusterFacts: Sendable, Hashable {
    /// Of the daemon that was there first: what concerns the cluster itself.
    let first: ClusterInfo
    /// Of the other daemon; `nil` where there is none.
    let second: ClusterInfo?

    /// A UUID, the same for all its peerings.
    var clusterID: String { first.clusterID }
    var clusterName: String { first.clusterName }
    var daemons: [ClusterInfo] { [first] + [second].compactMap { $0 } }

    /// What the daemon of a role says; `nil` where the cluster has none.
    subscript(role: ClusterInfo.Role) -> ClusterInfo? { daemons.first { $0.role == role } }

    /// Such as `hub, agent`.
    var roles: String { daemons.map(\.role.rawValue).joined(separator: ", ") }
}
