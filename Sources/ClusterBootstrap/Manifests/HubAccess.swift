import KubernetesModel
import OffloadingModel

/// What the hub may do at the origin, and nothing more; each rule says for what it is there.
package enum HubAccess {
    /// In the whole cluster.
    package static let cluster: [AccessRule] = [
        // The scheduler weighs all pods; the hub knows which are on virtual nodes, and adopts those that nobody admitted.
        // Its own pod gets the label by which Services find the leader.
        AccessRule("", ["pods"], AccessRule.reading + ["patch", "delete"]),
        // What the edges tell of the pods, and why one cannot be scheduled.
        AccessRule("", ["pods/status"], ["update", "patch"]),
        // The scheduler's decisions.
        AccessRule("", ["pods/binding"], ["create"]),
        // Rebalancing, within the disruption budgets.
        AccessRule("", ["pods/eviction"], ["create"]),
        // Virtual nodes; the scheduler weighs the others.
        AccessRule("", ["nodes"], AccessRule.reading + ["create", "update", "patch", "delete"]),
        AccessRule("", ["nodes/status"], ["update", "patch"]),
        // The label that says that a namespace is offloaded.
        AccessRule("", ["namespaces"], AccessRule.reading + ["patch"]),
        // Which pods belong together, where they say nothing of spreading.
        AccessRule("", ["services", "replicationcontrollers"], AccessRule.reading),
        AccessRule("apps", ["replicasets"], AccessRule.reading),
        AccessRule("policy", ["poddisruptionbudgets"], AccessRule.reading),
        // Letting itself at what offloaded pods use, in their namespaces only: see `references`.
        AccessRule("rbac.authorization.k8s.io", ["rolebindings"], ["create"]),
        AccessRule("rbac.authorization.k8s.io", ["rolebindings"], ["delete"], names: [referencesRole]),
        AccessRule("rbac.authorization.k8s.io", ["clusterroles"], ["bind"], names: [referencesRole]),
        // What users are told of pods, nodes and peerings.
        AccessRule("", ["events"], ["create", "patch"]),
        // Whether the API server's own client may use a virtual node, as kubelets ask.
        AccessRule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
        // Peerings; an edge that joins gets its ForeignCluster from the hub.
        AccessRule(
            "discovery.liqo.io", ["foreignclusters"], AccessRule.reading + ["create", "update", "patch", "delete"]),
        AccessRule("discovery.liqo.io", ["foreignclusters/status"], ["update", "patch"]),
        AccessRule("offloading.liqo.io", ["namespaceoffloadings"], AccessRule.reading + ["update"]),
        AccessRule("offloading.liqo.io", ["namespaceoffloadings/status"], ["update", "patch"]),
        // That the kinds are there, and of this version.
        AccessRule(
            "apiextensions.k8s.io", ["customresourcedefinitions"], ["get"], names: CustomResources.all.map(\.name)),
        // The authority that the API server is to believe, in the one registration that is the hub's.
        AccessRule(
            "admissionregistration.k8s.io", ["mutatingwebhookconfigurations"], AccessRule.reading + ["update"],
            names: [WebhookManifest.name]),
    ]

    /// In offloaded namespaces whose pods use ConfigMaps or Secrets, by a RoleBinding that the hub makes there: bound nowhere
    /// else, so that the hub cannot read every Secret of the cluster.
    package static let references: [AccessRule] = [
        AccessRule("", ["configmaps", "secrets"], ["list", "watch"])
    ]

    private static let referencesRole = NamespaceAccess.name("causeway-hub")

    /// In `kube-node-lease`: the leases of virtual nodes, which have the edges' names.
    package static let nodeLeases: [AccessRule] = [
        AccessRule("coordination.k8s.io", ["leases"], ["get", "create", "patch", "delete"])
    ]

    /// In `causeway-system`.
    package static let system: [AccessRule] =
        SystemAccess.rules(.hub) + [
            // Which replica leads.
            AccessRule("coordination.k8s.io", ["leases"], ["create"]),
            AccessRule("coordination.k8s.io", ["leases"], ["get", "update"], names: ["causeway-hub"]),
        ]
}
