import KubernetesModel
import OffloadingModel

/// What an agent may do at its edge, and nothing more; each rule says for what it is there.
package enum AgentAccess {
    /// In the whole cluster: the names of offloaded namespaces are the origins' to choose.
    package static let cluster: [AccessRule] = [
        // The hubs' pods; the others count for what is free. A pod may only get tolerations and a deadline after it was made.
        AccessRule("", ["pods"], AccessRule.reading + ["create", "update", "delete"]),
        // What users see of their pods from the origin.
        AccessRule("", ["pods/log"], ["get"]),
        AccessRule("", ["pods/exec", "pods/attach", "pods/portforward"], ["get", "create"]),
        // The hubs' namespaces.
        AccessRule("", ["namespaces"], AccessRule.reading + ["create", "patch", "delete"]),
        // Letting itself at what hubs' pods use, in hubs' namespaces only: see `references`.
        AccessRule("rbac.authorization.k8s.io", ["rolebindings"], ["create"]),
        AccessRule(
            "rbac.authorization.k8s.io", ["clusterroles"], ["bind"], names: [NamespaceAccess.name("causeway-agent")]),
        // What the edge has, and how it is.
        AccessRule("", ["nodes"], AccessRule.reading),
        // What users are told of peerings and pods.
        AccessRule("", ["events"], ["create", "patch"]),
        // Peerings; a hub that enrols gets its ForeignCluster from the agent.
        AccessRule(
            "discovery.liqo.io", ["foreignclusters"], AccessRule.reading + ["create", "update", "patch", "delete"]),
        AccessRule("discovery.liqo.io", ["foreignclusters/status"], ["update", "patch"]),
        // That the kinds are there and of this version. An edge serves both, so that tools work the same on either side.
        AccessRule("offloading.liqo.io", ["namespaceoffloadings"], ["list"]),
        AccessRule(
            "apiextensions.k8s.io", ["customresourcedefinitions"], ["get"], names: CustomResources.all.map(\.name)),
    ]

    /// In the namespaces of hubs, by a RoleBinding that the agent makes there and that goes with the namespace: bound nowhere
    /// else, so that the agent sees none of the edge's own Secrets.
    package static let references: [AccessRule] = [
        AccessRule(
            "", ["configmaps", "secrets", "services", "serviceaccounts"],
            AccessRule.reading + ["create", "update", "delete"])
    ]

    /// In `causeway-system`.
    package static let system: [AccessRule] = SystemAccess.rules(.agent)
}

/// What both daemons may do in `causeway-system`.
enum SystemAccess {
    static func rules(_ role: ClusterInfo.Role) -> [AccessRule] {
        [
            // Keys, peerings and tokens.
            AccessRule("", ["secrets"], AccessRule.reading + ["create", "update", "delete"]),
            // The word of the cluster about itself, and what the other daemon says where there are two. Names cannot be given
            // for what is not there yet.
            AccessRule("", ["configmaps"], ["create"]),
            AccessRule(
                "", ["configmaps"], AccessRule.reading + ["patch"], names: [Names.clusterInfo, Names.clusterInfo(role)]),
            AccessRule("", ["configmaps"], ["get"], names: [Names.clusterInfo(role.opposite)]),
        ]
    }
}
